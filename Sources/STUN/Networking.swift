// Whoever imports STUN has the addresses that it speaks of.
@_exported public import Networking
