"""Several processes of one gateway on one port: who they are, and who starts them; takes no call and opens no books."""
