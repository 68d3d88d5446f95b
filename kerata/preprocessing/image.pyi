# Made by tools/stubs.py.
from kerata.utils.images import array_to_img as array_to_img
from kerata.utils.images import img_to_array as img_to_array
from kerata.utils.images import load_img as load_img
from kerata.utils.images import save_img as save_img
from kerata.utils.images import smart_resize as smart_resize
