package search

import (
	"bytes"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// residentMiB is how much memory the process has, as the system sees it; 0 where that cannot be read.
func residentMiB(t testing.TB) int {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, err := strconv.Atoi(strings.Fields(string(raw))[1])
	require.NoError(t, err)
	return pages * os.Getpagesize() >> 20
}

// TestHostileMemory sends 200 hostile files, and some heavy honest ones, through the route; the process must then be as
// small as before.
func TestHostileMemory(t *testing.T) {
	if residentMiB(t) == 0 {
		t.Skip("no /proc here")
	}
	s := newShop(t)
	prepared(t, sample(t, "quarters.heic"), nil) // the decoder is compiled once, which takes its time, and kept
	s.upload(sample(t, "quarters.heic"))         // sights are built once
	files := hostileFiles(t)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	heavy := pngClaims(5000, 5000, 8, 2, make([]byte, 5000*15001)) // 25 megapixels, honest
	debug.FreeOSMemory()
	before, peak := residentMiB(t), 0
	r, refused := rand.New(rand.NewPCG(3, 3)), 0
	for i := range 200 {
		f := files[names[(i*7+r.IntN(3))%len(names)]]
		a := s.send(part{"image", "x", "", string(f.raw)})
		if a.Status >= 400 && a.Status < 500 {
			refused++
		} else {
			t.Errorf("%d: %s", a.Status, a.Body)
		}
		if i%40 == 7 { // never the same, or it would not be unpacked
			raw := append(bytes.Clone(heavy), make([]byte, i+1)...)
			assert.Equal(t, 201, s.send(part{"image", "x", "", string(raw)}).Status)
		}
		peak = max(peak, residentMiB(t))
	}
	after := 0
	require.Eventually(t, func() bool { after = residentMiB(t); return after <= before+64 }, alive, 50*time.Millisecond, "%d MiB before", before)
	t.Logf("%d refused; %d MiB before, %d at most, %d after", refused, before, peak, after)
}
