node = Node
node-list = Nodes
nodes = Nodes
node-hub = Hub
node-school = School node
node-links = Links
node-alone = This node is connected to no other yet.
node-cut = cut
node-sending = sending
node-never = never
node-last-met = Last met
node-waits = Waits to be sent
node-entries = { $n } facts
node-entries-word = Facts
node-blobs = { $n } files
node-rate = Measured rate
node-moved = Moved since the start
node-has = What this node has
node-payload = Their size
node-scopes = Scopes
node-erased = Erased
node-held = Held for their clock
node-digest = Digest
node-state-enrolled = enrolled
node-state-revoked = revoked
node-invite = Let a school’s node join
node-make-code = Make a one-use code
node-code-once = This code works once, for one hour. Type it on the school’s box:
node-revoke = Refuse this node
node-revoked = The node is refused from its next connection on.
sign-in-step = In step
sign-slow = Slow
sign-left = { $n } left
sign-cut = Cut since { $since }
sign-safe = { $n ->
    [0] your work is safe here
   *[other] { $n } wait here, safe
}
sign-never = Not joined yet
sign-no-schools = No school has joined yet
sign-hub-lost = { $n ->
    [1] 1 school is cut off
   *[other] { $n } schools are cut off
}
link-error-unreachable = Nobody answers at the hub’s address.
link-error-lost = The connection was cut.
link-error-closed = The other node has stopped.
link-error-version = The two nodes speak different versions.
link-error-not-member = The hub refuses this node: it is not enrolled, or was revoked.
link-error-wrong-key = Another node answers than the one expected.
link-error-fork = This node’s history has parted from what the hub has. It must join again.
link-error-protocol = The other node could not be understood.
link-error-storage = The storage of one of the nodes refused.
link-error-replaced = The node came by a newer connection.
node-files = Files
