"""Asks a server with KServe's client, in an environment of its own, and prints what it heard."""

import asyncio
import json
import sys

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


def request(rows, *, binary):
    array = np.array(rows, dtype=np.float32)
    tensor = InferInput("features", list(array.shape), "FP32")
    tensor.set_data_from_numpy(array, binary_data=binary)
    return InferRequest("wine", [tensor], parameters={"binary_data_output": binary})


async def predictions(client, url, *, binary):
    answer = await client.infer(url, request([[1, 2, 3], [4, 5, 6]], binary=binary), model_name="wine")
    return answer.outputs[0].as_numpy().tolist()


async def status_of_a_wrong_request(client, url):
    try:
        await client.infer(url, request([[1, 2]], binary=False), model_name="wine")
    except httpx.HTTPStatusError as error:
        return error.response.status_code


async def main(url):
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        return {
            "live": await client.is_server_live(url),
            "ready": await client.is_server_ready(url),
            "model_ready": await client.is_model_ready(url, "wine"),
            "binary": await predictions(client, url, binary=True),
            "json": await predictions(client, url, binary=False),
            "error": await status_of_a_wrong_request(client, url),
        }


json.dump(asyncio.run(main(sys.argv[1])), sys.stdout)
