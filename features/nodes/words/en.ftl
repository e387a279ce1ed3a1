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
link-error-timeout = No answer.
link-error-refused = The other node refused: this node is not enrolled, or was revoked.
link-error-fork = This node’s history has parted from what the hub has. It must join again.
link-error-other = The connection failed.
