"""Forms of ``auto_complete_config`` as people write them, and what each makes of an empty configuration."""

import textwrap

_CLASS = """
import json

import numpy as np
import triton_python_backend_utils as pb_utils

{before}

class TritonPythonModel:
{body}

    def execute(self, requests):
        return [pb_utils.InferenceResponse([]) for request in requests]
"""


def _model(body, before=""):
    indented = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return _CLASS.format(before=textwrap.dedent(before), body=indented)


def _tensor(name, data_type="TYPE_FP32", dims=(4,), **more):
    return {"name": name, "data_type": data_type, "dims": list(dims), **more}


# The example of Triton's documentation, "Auto-complete config", in words of our own.
DOCUMENTED = _model("""
    @staticmethod
    def auto_complete_config(auto_complete_model_config):
        inputs = [
            {"name": "INPUT0", "data_type": "TYPE_FP32", "dims": [4]},
            {"name": "INPUT1", "data_type": "TYPE_FP32", "dims": [4], "optional": True},
        ]
        outputs = [{"name": "OUTPUT0", "data_type": "TYPE_FP32", "dims": [4]}]
        config = auto_complete_model_config.as_dict()
        input_names, output_names = [], []
        for input in config["input"]:
            input_names.append(input["name"])
        for output in config["output"]:
            output_names.append(output["name"])
        for input in inputs:
            if input["name"] not in input_names:
                auto_complete_model_config.add_input(input)
        for output in outputs:
            if output["name"] not in output_names:
                auto_complete_model_config.add_output(output)
        auto_complete_model_config.set_max_batch_size(0)
        return auto_complete_model_config
""")

FORMS = {
    "the documented example": (
        DOCUMENTED,
        {
            "input": [_tensor("INPUT0"), _tensor("INPUT1", optional=True)],
            "output": [_tensor("OUTPUT0")],
            "max_batch_size": 0,
        },
    ),
    "names in the function": (
        _model("""
            @staticmethod
            def auto_complete_config(config):
                features = {"name": "X", "data_type": "TYPE_FP64", "dims": [-1, 3]}
                answer = {"name": "Y", "data_type": "TYPE_INT64", "dims": [1]}
                config.set_max_batch_size(8)
                config.add_input(features)
                config.add_output(answer)
                return config
        """),
        {
            "input": [_tensor("X", "TYPE_FP64", [-1, 3])],
            "output": [_tensor("Y", "TYPE_INT64", [1])],
            "max_batch_size": 8,
        },
    ),
    "names of the module": (
        _model(
            """
            @staticmethod
            def auto_complete_config(config):
                config.add_input(dict(name=NAMES[0], data_type=FLOAT, dims=[WIDTH]))
                config.add_output({"name": NAMES[1], "data_type": FLOAT, "dims": [WIDTH * 2]})
                config.set_max_batch_size(LARGEST)
                config.set_dynamic_batching()
                return config
            """,
            before="""
            WIDTH: int = 2
            LARGEST = 2 * 16
            FLOAT = "TYPE_" + "FP32"
            NAMES = ("X", "Y")
            """,
        ),
        {
            "input": [_tensor("X", dims=[2])],
            "output": [_tensor("Y", dims=[4])],
            "max_batch_size": 32,
            "dynamic_batching": True,
        },
    ),
    "names of the class": (
        _model("""
            INPUTS = [("TEXT", "TYPE_STRING"), ("FLAG", "TYPE_BOOL")]

            @classmethod
            def auto_complete_config(cls, config):
                for name, kind in cls.INPUTS:
                    config.add_input({"name": name, "data_type": kind, "dims": [1]})
                config.add_output({"name": "LENGTH", "data_type": "TYPE_UINT8", "dims": [1]})
                config.set_max_batch_size(4)
                return config
        """),
        {
            "input": [_tensor("TEXT", "TYPE_STRING", [1]), _tensor("FLAG", "TYPE_BOOL", [1])],
            "output": [_tensor("LENGTH", "TYPE_UINT8", [1])],
            "max_batch_size": 4,
        },
    ),
    "a plain function, decoupled": (
        _model("""
            def auto_complete_config(config):
                config.add_input({"name": "PROMPT", "data_type": "TYPE_STRING", "dims": [1]})
                config.add_output({"name": "TOKEN", "data_type": "TYPE_STRING", "dims": [-1]})
                config.set_model_transaction_policy(dict(decoupled=True))
                return config
        """),
        {
            "input": [_tensor("PROMPT", "TYPE_STRING", [1])],
            "output": [_tensor("TOKEN", "TYPE_STRING", [-1])],
            "decoupled": True,
        },
    ),
    "a loop over numbers": (
        _model("""
            @staticmethod
            def auto_complete_config(config):
                for number in range(3):
                    dims = [number + 1]
                    config.add_input({"name": f"IN_{number}", "data_type": "TYPE_INT32", "dims": dims})
                for suffix, dims in zip("AB", ([1], [2, 2])):
                    config.add_output({"name": "OUT_" + suffix, "data_type": "TYPE_INT32", "dims": dims})
                return config
        """),
        {
            "input": [_tensor(f"IN_{number}", "TYPE_INT32", [number + 1]) for number in range(3)],
            "output": [_tensor("OUT_A", "TYPE_INT32", [1]), _tensor("OUT_B", "TYPE_INT32", [2, 2])],
        },
    ),
    "comprehensions": (
        _model("""
            @staticmethod
            def auto_complete_config(config):
                columns = {"age": "TYPE_INT64", "name": "TYPE_STRING", "_row": "TYPE_INT64"}
                used = {name: kind for name, kind in columns.items() if not name.startswith("_")}
                for tensor in [{"name": n.upper(), "data_type": k, "dims": [1]} for n, k in used.items()]:
                    config.add_input(tensor)
                config.add_output({"name": "COUNT", "data_type": "TYPE_INT64", "dims": [len(used)]})
                config.set_max_batch_size(max(1, 16, 2))
                return config
        """),
        {
            "input": [_tensor("AGE", "TYPE_INT64", [1]), _tensor("NAME", "TYPE_STRING", [1])],
            "output": [_tensor("COUNT", "TYPE_INT64", [2])],
            "max_batch_size": 16,
        },
    ),
    "functions that do a part": (
        _model(
            """
            @staticmethod
            def auto_complete_config(config):
                _add(config.add_input, "X")
                declare(config, output="Y")
                return config
            """,
            before="""
            def _add(add, name, dims=(5,)):
                add({"name": name, "data_type": "TYPE_FP16", "dims": list(dims)})

            def declare(config, *, output, size=None):
                _add(config.add_output, output, [size or 1])
                if size is None:
                    config.set_max_batch_size(2)
                else:
                    config.set_max_batch_size(size)
            """,
        ),
        {
            "input": [_tensor("X", "TYPE_FP16", [5])],
            "output": [_tensor("Y", "TYPE_FP16", [1])],
            "max_batch_size": 2,
        },
    ),
    "with words for the log": (
        _model(
            """
            @staticmethod
            def auto_complete_config(config):
                '''Tell Triton what goes in and out.'''
                print("completing", config.as_dict()["name"])
                started = np.zeros(1)
                width: int = 3
                if config.as_dict()["max_batch_size"] == 0:
                    config.set_max_batch_size(1)
                config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [width]})
                config.add_output({"name": "Y", "data_type": "TYPE_FP32", "dims": [width]})
                return config
            """,
            before="""
            try:
                import torch
            except ImportError:
                torch = None
            """,
        ),
        {
            "input": [_tensor("X", dims=[3])],
            "output": [_tensor("Y", dims=[3])],
            "max_batch_size": 1,
        },
    ),
    "the same twice": (
        _model("""
            @staticmethod
            def auto_complete_config(config):
                tensor = {"name": "X", "data_type": "TYPE_FP32", "dims": [4]}
                config.add_input(tensor)
                config.add_input(dict(tensor))
                config.add_output({**tensor, "name": "Y"})
                config.set_dynamic_batching()
                config.set_dynamic_batching()
                config.set_max_batch_size(2)
                config.set_max_batch_size(6)
                return config
        """),
        {
            "input": [_tensor("X")],
            "output": [_tensor("Y")],
            "max_batch_size": 6,
            "dynamic_batching": True,
        },
    ),
    "while and break": (
        _model("""
            @staticmethod
            def auto_complete_config(config):
                left = ["A", "B", "", "C"]
                place = 0
                while True:
                    if not left[place]:
                        break
                    config.add_input({"name": left[place], "data_type": "TYPE_INT8", "dims": [1]})
                    place += 1
                config.add_output({"name": "Z", "data_type": "TYPE_INT8", "dims": [-1] * 2})
                return config
        """),
        {
            "input": [_tensor("A", "TYPE_INT8", [1]), _tensor("B", "TYPE_INT8", [1])],
            "output": [_tensor("Z", "TYPE_INT8", [-1, -1])],
        },
    ),
    "a class above": (
        _model(
            """
            KIND = "TYPE_FP16"
            """,
            before="""
            class Declared:
                KIND = "TYPE_FP32"

                @classmethod
                def auto_complete_config(cls, config):
                    config.add_input({"name": "X", "data_type": cls.KIND, "dims": [4]})
                    config.add_output({"name": "Y", "data_type": Declared.KIND, "dims": [4]})
                    return config
            """,
        ).replace("class TritonPythonModel:", "class TritonPythonModel(Declared):"),
        {"input": [_tensor("X", "TYPE_FP16")], "output": [_tensor("Y")]},
    ),
    "the dictionary changed in place": (
        _model("""
            @staticmethod
            def auto_complete_config(config):
                fields = config.as_dict()
                fields["max_batch_size"] = 3
                fields["input"].append({"name": "X", "data_type": "TYPE_FP32", "dims": [4]})
                fields["output"] += [{"name": "Y", "data_type": "TYPE_FP32", "dims": [4]}]
                return config
        """),
        {"input": [_tensor("X")], "output": [_tensor("Y")], "max_batch_size": 3},
    ),
}
"""Source and expectation of each form; what an expectation leaves out is as it was."""

UNTOLD = {
    "a file decides": (
        """
        with open("columns.json") as file:
            columns = json.load(file)
        config.add_input({"name": columns[0], "data_type": "TYPE_FP32", "dims": [1]})
        """,
        "'json' is imported",
    ),
    "the surroundings decide": (
        """
        import os
        if os.environ.get("WIDE"):
            config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [1]})
        """,
        "'os' is imported",
    ),
    "other code gets the configuration": (
        """
        from wine import columns
        columns.declare(config)
        """,
        "this call is not followed|'columns' is imported",
    ),
    "other code gets it in a callback": (
        """
        import functools
        functools.reduce(lambda one, each: config.add_input(each), [{}, {}])
        """,
        "'functools' is imported",
    ),
    "an object gets a method of it": (
        """
        class Adder:
            def __init__(self, add):
                add({"name": "X", "data_type": "TYPE_FP32", "dims": [1]})

        Adder(config.add_input)
        """,
        "this call is not followed",
    ),
    "an object changes what it sees": (
        """
        inputs = [{"name": "X", "data_type": "TYPE_FP32", "dims": [1]}]

        class Adder:
            def __init__(self):
                inputs.append({"name": "Y", "data_type": "TYPE_FP32", "dims": [1]})

        Adder()
        for tensor in inputs:
            config.add_input(tensor)
        """,
        "this call is not followed",
    ),
    "other code gets the list": (
        """
        import random
        inputs = [{"name": "X", "data_type": "TYPE_FP32", "dims": [1]}]
        random.shuffle(inputs)
        config.add_input(inputs[0])
        """,
        "'random' is imported",
    ),
    "its names may change": (
        """
        exec("config = None")
        config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [1]})
        """,
        "exec\\(\\) may change anything",
    ),
    "something else is returned": ("return None", "does not return the configuration"),
    "it is too long": ("while True:\n    pass", "too many steps"),
    "it calls itself": ("TritonPythonModel.auto_complete_config(config)", "nested too deeply"),
    "it raises": ('raise ValueError("no")', "an exception is raised here"),
    "it contradicts itself": (
        """
        config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [1]})
        config.add_input({"name": "X", "data_type": "TYPE_FP64", "dims": [1]})
        """,
        "has data_type TYPE_FP32 and TYPE_FP64",
    ),
    "a member is misspelt": (
        'config.add_output({"name": "X", "datatype": "TYPE_FP32", "dims": [1]})',
        "'datatype' is no member of an output",
    ),
    "a size is text": (
        'config.add_output({"name": "X", "data_type": "TYPE_FP32", "dims": ["4"]})',
        "'4' is no int",
    ),
}
"""Bodies of which the source alone does not tell the end, or Triton refuses it, and words of the reason."""


def untold(body):
    """Return the model whose ``auto_complete_config`` has a body."""
    inner = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    return _model(f"@staticmethod\ndef auto_complete_config(config):\n{inner}\n    return config")
