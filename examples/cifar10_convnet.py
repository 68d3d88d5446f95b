"""A convnet with batch normalization on CIFAR-10."""

from _data import epochs, images

import kerata
from kerata.layers import BatchNormalization, Conv2D, Dense, Dropout, Flatten, MaxPooling2D

(x_train, y_train), (x_test, y_test) = images("cifar10")

model = kerata.Sequential(
    [
        kerata.Input((32, 32, 3)),
        Conv2D(64, (3, 3), activation="relu"),
        BatchNormalization(),
        MaxPooling2D(pool_size=(2, 2)),
        Conv2D(64, (3, 3), activation="relu"),
        BatchNormalization(),
        MaxPooling2D(pool_size=(2, 2)),
        Flatten(),
        Dense(64, activation="relu"),
        Dropout(0.25),
        Dense(10, activation="softmax"),
    ]
)
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=64, epochs=epochs(10), validation_split=0.1)
print(model.evaluate(x_test, y_test, verbose=0, return_dict=True))
