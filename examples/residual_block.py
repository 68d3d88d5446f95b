"""A residual block: the shortcut is projected to the block's channels by a 1x1 convolution before they are added."""

import kerata
from kerata.layers import Activation, Add, BatchNormalization, Conv2D, Input

inputs = Input(shape=(32, 32, 3))
x = Conv2D(64, (3, 3), padding="same")(inputs)
x = BatchNormalization()(x)
x = Activation("relu")(x)
x = Conv2D(64, (3, 3), padding="same")(x)
x = BatchNormalization()(x)
shortcut = Conv2D(64, (1, 1))(inputs)
x = Add()([x, shortcut])
x = Activation("relu")(x)

model = kerata.Model(inputs=inputs, outputs=x)
model.summary()
