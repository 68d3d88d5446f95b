# Made by tools/stubs.py.
from kerata.distribution.strategies import DataParallel as DataParallel
from kerata.distribution.layouts import DeviceMesh as DeviceMesh
from kerata.distribution.layouts import LayoutMap as LayoutMap
from kerata.distribution.strategies import ModelParallel as ModelParallel
from kerata.distribution.layouts import TensorLayout as TensorLayout
from kerata.distribution.devices import distribute_tensor as distribute_tensor
from kerata.distribution.strategies import distribution as distribution
from kerata.distribution.devices import get_device_count as get_device_count
from kerata.distribution.devices import initialize as initialize
from kerata.distribution.devices import list_devices as list_devices
from kerata.distribution.strategies import set_distribution as set_distribution
