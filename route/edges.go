package route

// edges maps (node, label) to a node. It is an immutable hash table with open addressing. Node 0, the root, is no child, so 0 means
// no edge.
type edges struct {
	keys  []uint64
	to    []int32
	shift uint8
}

func edgeKey(from, label int32) uint64 { return uint64(uint32(from))<<32 | uint64(uint32(label)) }

// newEdges builds the table from a map. At most two thirds of the slots are used.
func newEdges(all map[uint64]int32) edges {
	bits := uint8(2)
	for (1 << bits) < len(all)*3/2+1 {
		bits++
	}
	e := edges{keys: make([]uint64, 1<<bits), to: make([]int32, 1<<bits), shift: 64 - bits}
	for key, to := range all {
		i := e.place(key)
		for e.to[i] != 0 {
			i = (i + 1) & (len(e.to) - 1)
		}
		e.keys[i], e.to[i] = key, to
	}
	return e
}

// place returns the first slot for a key, by Fibonacci hashing: the multiplier is 2^64 divided by the golden ratio.
func (e *edges) place(key uint64) int { return int(key * 0x9E3779B97F4A7C15 >> e.shift) }

func (e *edges) follow(from, label int32) int32 {
	key := edgeKey(from, label)
	for i := e.place(key); e.to[i] != 0; i = (i + 1) & (len(e.to) - 1) {
		if e.keys[i] == key {
			return e.to[i]
		}
	}
	return 0
}
