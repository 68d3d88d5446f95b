"""A GAN of digits: one `train_step` with two optimizers, which runs compiled on JAX, PyTorch and TensorFlow."""

from _data import epochs, images

import kerata
from kerata import layers, ops, random


class GAN(kerata.Model):
    def __init__(self, latent=64):
        super().__init__()
        self.latent = latent
        self.seed = random.SeedGenerator(1)
        self.generator = kerata.Sequential(
            [
                kerata.Input((latent,)),
                layers.Dense(7 * 7 * 32, activation="relu"),
                layers.Reshape((7, 7, 32)),
                layers.Conv2DTranspose(32, 4, strides=2, padding="same", activation="relu"),
                layers.Conv2DTranspose(1, 4, strides=2, padding="same", activation="sigmoid"),
            ]
        )
        self.discriminator = kerata.Sequential(
            [
                kerata.Input((28, 28, 1)),
                layers.Conv2D(32, 4, strides=2, padding="same", activation="leaky_relu"),
                layers.Conv2D(32, 4, strides=2, padding="same", activation="leaky_relu"),
                layers.Flatten(),
                layers.Dense(1),
            ]
        )
        self.g_loss, self.d_loss = kerata.metrics.Mean("g_loss"), kerata.metrics.Mean("d_loss")

    def compile(self, g_optimizer, d_optimizer, loss):
        super().compile()
        self.g_optimizer, self.d_optimizer, self.loss_fn = g_optimizer, d_optimizer, loss
        g_optimizer.build(self.generator.trainable_variables)
        d_optimizer.build(self.discriminator.trainable_variables)

    def call(self, noise):
        return self.generator(noise)

    def train_step(self, real):
        n = ops.shape(real)[0]

        def discriminator_loss():
            fake = ops.stop_gradient(self.generator(random.normal((n, self.latent), seed=self.seed)))
            real_score, fake_score = self.discriminator(real), self.discriminator(fake)
            return self.loss_fn(ops.ones((n, 1)), real_score) + self.loss_fn(ops.zeros((n, 1)), fake_score)

        def generator_loss():
            fake = self.generator(random.normal((n, self.latent), seed=self.seed))
            return self.loss_fn(ops.ones((n, 1)), self.discriminator(fake))

        variables = self.discriminator.trainable_variables
        d_loss, grads = kerata.value_and_grad(discriminator_loss, variables)()
        self.d_optimizer.apply(grads, variables)
        variables = self.generator.trainable_variables
        g_loss, grads = kerata.value_and_grad(generator_loss, variables)()
        self.g_optimizer.apply(grads, variables)
        self.d_loss.update_state(d_loss)
        self.g_loss.update_state(g_loss)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


(x_train, _), _ = images("mnist")
gan = GAN()
gan.compile(
    kerata.optimizers.Adam(3e-4, beta_1=0.5),
    kerata.optimizers.Adam(3e-4, beta_1=0.5),
    kerata.losses.BinaryCrossentropy(from_logits=True),
)
gan.fit(x_train, batch_size=128, epochs=epochs(5))
print("Generated:", gan.predict(ops.convert_to_numpy(random.normal((4, gan.latent))), verbose=0).shape)
