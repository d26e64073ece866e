FROM nvcr.io/nvidia/tritonserver:24.10-py3

# What the Python backend runs Python models in.
ADD layers/environment.tar /

# The model repository.
ADD layers/model-grade.tar /
ADD layers/model-scale.tar /
ADD layers/model-wine.tar /
LABEL org.opencontainers.image.title="wine-grades" \
    org.opencontainers.image.version="2" \
    org.odahu.pack.packager="docker-triton" \
    org.odahu.pack.model.name="wine-grades" \
    org.odahu.pack.model.version="2" \
    org.odahu.pack.triton.models="{\"grade\":[1,2],\"scale\":[1],\"wine\":[1]}" \
    org.odahu.pack.port="8000" \
    org.odahu.pack.ready="/v2/health/ready"

# HTTP, gRPC, metrics.
EXPOSE 8000
EXPOSE 8001
EXPOSE 8002

ENV HOME="/tmp"
USER 65532:0

# The base image's ENTRYPOINT is kept.
CMD ["tritonserver", "--model-repository=/models"]
