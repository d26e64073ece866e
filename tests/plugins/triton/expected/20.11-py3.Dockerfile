FROM nvcr.io/nvidia/tritonserver:20.11-py3

# What the Python backend runs Python models in.
ADD layers/environment.tar /

# The model repository.
ADD layers/model.tar /
LABEL org.opencontainers.image.title="wine-quality" \
    org.opencontainers.image.version="1" \
    org.odahu.pack.packager="docker-triton" \
    org.odahu.pack.model.name="wine-quality" \
    org.odahu.pack.model.version="1" \
    org.odahu.pack.triton.models="{\"wine-quality\":[1]}" \
    org.odahu.pack.port="8000" \
    org.odahu.pack.ready="/v2/health/ready"

# HTTP, gRPC, metrics.
EXPOSE 8000
EXPOSE 8001
EXPOSE 8002

ENV HOME="/tmp"
USER 65532:0

# The base image's ENTRYPOINT is kept.
CMD ["tritonserver", "--model-repository=/models", "--strict-model-config=false", "--backend-config=python,python-runtime=/opt/model/bin/python3"]
