"""Pulumi's passphrase secrets: `v1:SALT:CHECK` and `v1:NONCE:TEXT`.

The key is PBKDF2-HMAC-SHA256 over the passphrase, 1,000,000 rounds, 32 bytes; texts are AES-256-GCM, everything
base64; CHECK decrypts to the word "pulumi" (pulumi/pulumi pkg/secrets/passphrase, sdk/go/common/resource/config/
crypt.go).
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading

from localengine.errors import EngineError

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError as missing:
    text = "the local engine needs cryptography: `make setup` installs it"
    raise ImportError(text) from missing

ROUNDS = 1_000_000
KEY_BYTES = 32
NONCE_BYTES = 12
SALT_BYTES = 8
_CHECK = "pulumi"


class Crypter:
    """Encrypts and decrypts with one passphrase and one salt; the key is derived when it is first needed.

    `state` is the `encryptionsalt` text of a stack file, or None to create a salt.
    """

    def __init__(self, passphrase: str, state: str | None) -> None:
        self._passphrase = passphrase
        self._state = state
        self._cipher: AESGCM | None = None
        self._lock = threading.Lock()

    @property
    def has_salt(self) -> bool:
        """Whether there is a salt; if not, the first secret creates it."""
        return self._state is not None

    @property
    def state(self) -> str:
        """The `v1:SALT:CHECK` text of the ciphertexts."""
        self._ready()
        return self._state or ""

    def with_salt(self, state: str) -> Crypter:
        """A crypter for the same passphrase and a different salt; this one if the salt is the same."""
        return self if state == self._state else Crypter(self._passphrase, state)

    def encrypt(self, text: str) -> str:
        """`text` as `v1:NONCE:TEXT`."""
        return _seal(self._ready(), text)

    def decrypt(self, sealed: str) -> str:
        """The text of `v1:NONCE:TEXT`; EngineError when it cannot be decrypted."""
        return _open(self._ready(), sealed)

    def _ready(self) -> AESGCM:
        with self._lock:
            if self._cipher is None:
                self._cipher = self._derive()
            return self._cipher

    def _derive(self) -> AESGCM:
        if self._state is None:
            salt = os.urandom(SALT_BYTES)
            cipher = _cipher(self._passphrase, salt)
            self._state = f"v1:{_b64(salt)}:{_seal(cipher, _CHECK)}"
            return cipher
        version, _, rest = self._state.partition(":")
        salt_text, _, check = rest.partition(":")
        if version != "v1":
            raise EngineError(f"the stack's encryptionsalt has version {version!r}; this engine reads v1")
        cipher = _cipher(self._passphrase, _bytes(salt_text))
        if _open(cipher, check) != _CHECK:
            raise EngineError(_INCORRECT)
        return cipher


_INCORRECT = "incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE to the one that the stack's secrets were written with"


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, ROUNDS, KEY_BYTES))


def _seal(cipher: AESGCM, text: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return f"v1:{_b64(nonce)}:{_b64(cipher.encrypt(nonce, text.encode(), None))}"


def _open(cipher: AESGCM, sealed: str) -> str:
    parts = sealed.split(":")
    if len(parts) != 3 or parts[0] != "v1":
        raise EngineError("a secret does not have the form v1:NONCE:TEXT; restore the file or set the secret again")
    try:
        return cipher.decrypt(_bytes(parts[1]), _bytes(parts[2]), None).decode()
    except InvalidTag:
        raise EngineError(_INCORRECT) from None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise EngineError("a secret is not valid base64; restore the file or set the secret again") from None
