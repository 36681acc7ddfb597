"""Request rates behind the Limiter port; never knows who a key stands for or what a request costs."""
