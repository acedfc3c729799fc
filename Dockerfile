# The page with its weights, on CPU, offline. docker build -t exit-explorer . && docker run -p 7860:7860 exit-explorer
FROM python:3.11-slim
RUN useradd --create-home explorer
WORKDIR /home/explorer/app
COPY requirements.txt .
# torch as pip finds it for Linux brings CUDA along, several gigabytes. --build-arg TORCH_INDEX=ADDRESS names PyTorch's own
# index of CPU builds, which spares them.
ARG TORCH_INDEX=
RUN if [ -n "$TORCH_INDEX" ]; then pip install --no-cache-dir --index-url "$TORCH_INDEX" "torch<2.15" "torchvision<0.30"; fi \
    && pip install --no-cache-dir -r requirements.txt
COPY LICENSE README.md app.py ./
COPY explorer explorer
COPY assets assets
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 GRADIO_ANALYTICS_ENABLED=False HF_HUB_OFFLINE=1 OMP_NUM_THREADS=2
USER explorer
EXPOSE 7860
CMD ["python", "app.py"]
