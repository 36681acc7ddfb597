"""What a caller may ask for, whichever kind of call it is; each kind is a value of its own, and they share these names."""

from proxy.domain.chat import Chat
from proxy.domain.embeddings import Embeddings
from proxy.domain.images import Images

# All of them have `kind`, `asked`, `messages`, `fields`, `unknown`, `stream`, `include_usage`, `n`, `end_user` and `options`.
Request = Chat | Embeddings | Images
