"""Garment photos made to look like Fashion-MNIST, so that uploads better match what the network was trained on.

Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747, section 2) was made from product photos on a
light background: edges close to the corners' colour trimmed (within 5 % of the maximum intensity), longest
edge resized to 28 by subsampling, sharpened, shortest edge extended to 28 with the object in the centre,
negated, 8-bit grey. Photos from a phone are less tidy, so here the background is fitted to the whole border,
and it need not be light. We do not sharpen: how strongly it was done is not published, and the Lanczos filter
is crisp by itself.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops

from explorer.data.sight import Sight

SIDE = 28  # pixels, width and height of a Fashion-MNIST image
TRIM = 0.05  # a pixel this close to the background belongs to it (the paper's 5 % of the maximum intensity)

# Our own, chosen by trial on Fashion-MNIST test images put back into simulated photos.
_WORK = 256  # pixels, longest edge while looking for the object: finer brings noise, coarser an inexact crop
_RING = 0.04  # width of the border that is taken for background, of the shorter edge
_NOISE = 4.0  # standard deviations of the background's noise that an object must rise above
_SHADOW = 0.2  # of the object's contrast: anything fainter is shadow, though a pale sleeve is lost with it
_PART = 0.05  # of the largest part's area: smaller parts are dust
_SPECK = 0.001  # of the picture's area: a largest part below this is dust, too
_TOO_BUSY = 0.4  # a background that needs this threshold is a scene
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R 601-2, as Pillow turns RGB into L

Array = NDArray[np.floating]
Mask = NDArray[np.bool_]


def see_garment(image: Image.Image) -> Sight:
    """Show a picture as a network trained on Fashion-MNIST should see it: one object, light on black.

    A grey 28 x 28 picture on black passes unchanged, bit for bit, and its negative is only inverted. Where no
    plain background is found the central square is used; where nothing stands out the result is black.

    Args:
        image: any size and mode; transparency is ignored (read_image lays it on white).

    Returns:
        The picture as mode "L", 28 x 28, background 0, and a note on what was done to it.
    """
    rgb = image.convert("RGB")
    if rgb.size == (SIDE, SIDE):
        pixels, grey = np.asarray(rgb), rgb.getchannel(0)
        if _is_like_training(pixels):
            return Sight(grey, "Already a grey 28 x 28 picture on black, so it was left as it is.")
        if _is_like_training(255 - pixels):
            return Sight(ImageChops.invert(grey), "Already a grey 28 x 28 picture, so it was only inverted.")

    small = np.asarray(rgb.reduce(-(-max(rgb.size) // _WORK)), np.float64) / 255  # (h, w, 3)
    background = _fit_background(small)
    if background is None:
        return _central_square(rgb)
    behind, noise = background
    mask = _object(np.abs(small - behind).max(axis=2), max(TRIM, _NOISE * noise))
    if not mask.any():
        empty = Image.new("L", (SIDE, SIDE))
        return Sight(empty, "Nothing stands out from the background, so the network saw an empty picture.")

    values, inverted = _light_on_black(small @ _LUMA, behind @ _LUMA, mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    steps = "inverted, cropped" if inverted else "cropped"
    return Sight(_fit_square(box), f"Turned to grey, {steps} to the object and resized to 28 x 28.")


def _light_on_black(grey: Array, behind: Array, mask: Mask) -> tuple[Array, bool]:
    """Bring the background to 0 and white or black, whichever lies beyond the object, to 1.

    Args:
        grey: lightness (h, w) in 0..1.
        behind: lightness of the background (h, w) in 0..1.
        mask: the object (h, w).

    Returns:
        Values (h, w) in 0..1, all that is outside the object 0, and whether they are inverted.
    """
    inverted = bool(grey[mask].mean() <= behind[mask].mean())
    if inverted:
        # White is the background, as in a product photo, or the object's own white, if that is lighter still.
        relative = grey / np.maximum(behind, TRIM)
        values = 1 - relative / max(1.0, float(np.quantile(relative[mask], 0.95)))
    else:
        values = (grey - behind) / np.maximum(1 - behind, TRIM)
    return np.where(_fill_holes(mask), np.clip(values, 0, 1), 0), inverted


def _fit_square(values: Array) -> Image.Image:
    """Resize (h, w) in 0..1 so that the longest edge is 28, and put it in the centre of a black square."""
    h, w = values.shape
    size = [max(1, round(SIDE * edge / max(h, w))) for edge in (w, h)]
    resized = Image.fromarray((values * 255).astype(np.float32)).resize(size, Image.Resampling.LANCZOS)
    seen = np.zeros((SIDE, SIDE), np.uint8)
    left, top = ((SIDE + 1 - edge) // 2 for edge in size)  # an odd row or column goes first, as in training
    seen[top : top + size[1], left : left + size[0]] = np.rint(np.clip(np.asarray(resized), 0, 255))
    return Image.fromarray(seen)


def _is_like_training(pixels: NDArray[np.uint8]) -> bool:
    """Whether (28, 28, 3) pixels are grey, and at the border rather black than white.

    True for all 70,000 images of Fashion-MNIST, and for none of their negatives.
    """
    border = pixels[_border(SIDE, SIDE, 1)]
    return bool((pixels == pixels[..., :1]).all() and (border <= 10).sum() > (border >= 245).sum())


def _border(h: int, w: int, width: int) -> Mask:
    ring = np.ones((h, w), bool)
    ring[width : h - width, width : w - width] = False
    return ring


def _fit_background(small: Array) -> tuple[Array, float] | None:
    """Fit a smooth surface through the picture's border: what would be seen without the object.

    Quadratic, because light falls off to one side and into the corners. Refitted to the pixels near it, so that
    an object which reaches the border is left out while most of the border is background.

    Args:
        small: the picture (h, w, 3) in 0..1.

    Returns:
        The background (h, w, 3) in 0..1, and the noise about it as a standard deviation; None where the
        border has no common colour.
    """
    h, w = small.shape[:2]
    y, x = np.mgrid[:h, :w]
    u, v = (2 * x + 1) / w - 1, (2 * y + 1) / h - 1
    terms = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=2)  # (h, w, 6)
    ring = _border(h, w, max(1, round(_RING * min(h, w))))
    at, colours = terms[ring], small[ring]
    surface = np.zeros((6, 3))
    surface[0] = np.median(colours, axis=0)
    near = 0.2
    for _ in range(6):
        distance = np.abs(colours - at @ surface).max(axis=1)
        inliers = distance <= near
        if inliers.mean() < 0.5:
            return None
        noise = 1.4826 * float(np.median(distance[inliers]))  # as a Gaussian's median distance is 0.6745
        near = min(near, max(0.03, 3 * noise))
        # By the normal equations, which are small and so fast to solve.
        near_at = at[inliers]
        surface = np.linalg.lstsq(near_at.T @ near_at, near_at.T @ colours[inliers])[0]
    return (np.clip(terms @ surface, 0, 1), noise) if _NOISE * noise < _TOO_BUSY else None


def _object(distance: Array, threshold: float) -> Mask:
    """Which pixels are the object, by their distance (h, w) from the background; none if all is dust."""
    mask = distance > threshold
    if mask.any():
        mask &= distance > _SHADOW * np.quantile(distance[mask], 0.9)
    parts, label, area = np.unique(_label(mask), return_inverse=True, return_counts=True)
    area[parts == 0] = 0
    if area.max() < _SPECK * mask.size:
        return np.zeros_like(mask)
    return (area >= _PART * area.max())[label].reshape(mask.shape)


def _fill_holes(mask: Mask) -> Mask:
    """The mask with its enclosed gaps filled."""
    outside = _label(np.pad(~mask, 1, constant_values=True))
    return (outside != outside[0, 0])[1:-1, 1:-1]


def _label(mask: Mask) -> NDArray[np.int64]:
    """Number the connected parts (by rows and columns, not diagonals) of (h, w), all that is outside 0."""
    start = mask & ~np.pad(mask, ((0, 0), (1, 0)))[:, :-1]
    runs = np.cumsum(start).reshape(mask.shape) * mask  # each stretch of a row has its own number
    joined = mask[:-1] & mask[1:]
    count = int(runs.max()) + 1
    pairs = runs[:-1][joined] * count + runs[1:][joined]  # each pair as one number: faster to sort
    parent = list(range(count))

    def root(run: int) -> int:
        while parent[run] != run:
            parent[run] = run = parent[parent[run]]
        return run

    for above, below in (divmod(pair, count) for pair in np.unique(pairs).tolist()):
        parent[root(below)] = root(above)
    return np.array([root(run) for run in parent])[runs]


def _central_square(rgb: Image.Image) -> Sight:
    """The fallback for a scene: nothing is cut out, but a light border is made dark."""
    side = min(rgb.size)
    left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
    square = rgb.crop((left, top, left + side, top + side)).convert("L")
    seen = np.asarray(square.resize((SIDE, SIDE), Image.Resampling.LANCZOS))
    inverted = bool(np.median(seen[_border(SIDE, SIDE, 1)]) > 127)
    steps = "turned to grey, inverted" if inverted else "turned to grey"
    return Sight(
        Image.fromarray(255 - seen if inverted else seen),
        f"No plain background was found, so the central square was {steps} and resized to 28 x 28.",
    )
