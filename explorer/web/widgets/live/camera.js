// The visitor's camera as a source of frames. Each kind of failure has its own sentence.

const SIDE = 384; // pixels of a frame's longer edge: no network here sees more

/** Why there is no camera; `key` is a text in strings/live.json. */
export class CameraError extends Error {
  constructor(key) {
    super(key);
    this.key = key;
  }
}

const REASONS = {
  NotAllowedError: "live.denied",
  SecurityError: "live.denied",
  NotFoundError: "live.no_camera",
  OverconstrainedError: "live.no_camera",
  NotReadableError: "live.camera_busy",
  AbortError: "live.camera_busy",
};

/** Opens the camera: {take() -> ImageBitmap of the frame now, canvas, ended(callback), close()}. */
export async function openCamera(_store, devices = globalThis.navigator?.mediaDevices) {
  if (!devices?.getUserMedia) throw new CameraError("live.insecure");
  let stream;
  try {
    stream = await devices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 640 } }, audio: false });
  } catch (error) {
    throw new CameraError(REASONS[error.name] ?? "live.no_camera");
  }
  const video = document.createElement("video");
  Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
  await video.play();
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  return {
    canvas,
    async take() {
      await nextFrame(video);
      const share = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * share);
      canvas.height = Math.round(video.videoHeight * share);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      return createImageBitmap(canvas);
    },
    ended(callback) {
      for (const track of stream.getTracks()) track.addEventListener("ended", callback);
    },
    close() {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}

/** Waits for a new camera frame: the newest is taken, frames in between are skipped. */
function nextFrame(video) {
  if (!video.requestVideoFrameCallback) return new Promise((resolve) => setTimeout(resolve, 16));
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 500); // a camera that hangs must not hang the page
    video.requestVideoFrameCallback(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
