package sandbox

import "math/bits"

// sweep visits the marked places in ascending order and clears the marks.
func (s *scratch) sweep(visit func(uint32)) {
	for i, w := range s.bits {
		for ; w != 0; w &= w - 1 {
			visit(uint32(i<<6 + bits.TrailingZeros64(w)))
		}
		s.bits[i] = 0
	}
}

// sorted cuts a page out of what was found, in the order of a key.
func (c *catalogue) sorted(by *sortOrder, s *scratch, from, to int) []uint32 {
	to = min(to, len(s.found))
	from = min(from, to)
	if by.key == sortKeys { // sales: the places themselves
		if by.down {
			return s.found[from:to]
		}
		out := make([]uint32, 0, to-from)
		for i := from; i < to; i++ {
			out = append(out, s.found[len(s.found)-1-i])
		}
		return out
	}
	key := c.sortKey(by.key)
	for _, place := range s.found {
		rank := key.rank[place]
		s.bits[rank>>6] |= 1 << (rank & 63)
	}
	if by.down {
		from, to = len(s.found)-to, len(s.found)-from
	}
	out, n := make([]uint32, 0, to-from), 0
	s.sweep(func(rank uint32) {
		if n >= from && n < to {
			out = append(out, key.place[rank])
		}
		n++
	})
	if by.down {
		for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
			out[i], out[j] = out[j], out[i]
		}
	}
	return out
}
