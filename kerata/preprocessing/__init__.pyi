# Made by tools/stubs.py.
from kerata.preprocessing import image as image
from kerata.preprocessing import sequence as sequence
from kerata.utils.image_dataset import image_dataset_from_directory as image_dataset_from_directory
from kerata.utils.text_dataset import text_dataset_from_directory as text_dataset_from_directory
from kerata.utils.timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array
