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
carry = Carry on a stick
carry-intro = Where the link is gone for long, a stick carries what the other node lacks. It opens at that node alone, and each fact and file is checked there as if it came over the link.
carry-out = Take along
carry-for = For which node?
carry-known-at = By what it had
carry-left = Has no room, goes next time
carry-download = Download the bundle
carry-in = Take in
carry-file = A bundle for this node
carry-file-hint = A file that ends in .zcarry, as another node wrote it.
carry-take = Take in
carry-taking = The bundle is being taken in
carry-look-again = Look again
carry-came = All is taken in from { $text }, as of { $when }
carry-came-part = Taken in from { $text }, as of { $when }, but not all
carry-facts = { $n ->
    [1] 1 new fact
   *[other] { $n } new facts
}
carry-files = { $n ->
    [1] 1 new file
   *[other] { $n } new files
}
carry-known = { $n } were here already
carry-held = { $n } facts wait: their clock is ahead
carry-unnamed = { $n } files were left: no record here asks for them
carry-spoilt = { $n } files did not come whole; bring the bundle again, or fetch them over the link
carry-damaged = { $n } parts of the bundle are damaged and were left; the rest is safe
carry-cut = The bundle breaks off: it was not written to its end, or the stick was pulled out. What came before is safe. Bring a whole one.
carry-why-not-allowed = Refused: facts of { $text }. It may not write there, or is not known here.
carry-why-gap = Not yet: facts of { $text }. What comes before them is missing here. Carry a bundle back, and the next one will have it.
carry-why-bad = Refused: facts of { $text }. They are not what it signed, or part from what is known.
carry-error-no-bundle = This is no bundle, or its beginning is damaged. Nothing was changed.
carry-error-version = A newer version wrote this bundle. Nothing was changed. Bring this node up to date first.
carry-error-elsewhere = This bundle is for another node: { $text }. Nothing was changed.
carry-error-not-member = { $text } is no member, or was refused. Nothing was taken from it.
carry-error-forged = { $text } did not sign this bundle so. Nothing was changed.
carry-error-fork = The history of that node, or of this one, has parted from what the other knows: it was restored or copied. What came before is safe. It must join again.
carry-error-storage = This node’s storage refused, perhaps since its disk is full. What came before is safe. Make room and bring the bundle again.
rule-carry-busy = A bundle is being taken in at this moment. Wait until it is through.
