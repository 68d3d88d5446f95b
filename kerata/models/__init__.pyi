# Made by tools/stubs.py.
from kerata.models.functional import Functional as Functional
from kerata.models.model import Model as Model
from kerata.models.sequential import Sequential as Sequential
from kerata.models.cloning import clone_model as clone_model
from kerata.saving import load_model as load_model
from kerata.models.model import model_from_json as model_from_json
from kerata.saving import save_model as save_model
