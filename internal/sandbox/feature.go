package sandbox

import (
	"math"
	"math/bits"
)

// A sketch is what the index keeps of a picture: the product's window as 8 by 8 cells, each with a few coarse levels of coverage, brightness and
// colour, written as steps (0, 1, 11, 111), so that the number of differing bits is the distance. One word is one step of all cells.
const (
	sketchGrid  = 8
	coverSteps  = 2
	brightSteps = 4
	colourSteps = 4 // per colour difference: two absolute, two against the mean
	sketchWords = coverSteps + brightSteps + 2*colourSteps + 1
)

type sketch [sketchWords]uint64

// cells are the averages a sketch is made of.
type cells struct {
	cover  [64]float32    // of the product in the cell
	colour [64][3]float32 // sums over the product
	known  uint64
}

func (c *cells) sketch() sketch {
	var n float32
	var mean, square [3]float32
	for i := range c.cover {
		if w := c.cover[i]; w > 0 {
			n += w
			for k := range 3 {
				v := c.colour[i][k] / w
				mean[k] += w * v
				square[k] += w * v * v
			}
		}
	}
	var spread [3]float32
	for k := range 3 {
		mean[k] /= max(n, 1e-6)
		spread[k] = float32(math.Sqrt(float64(max(square[k]/max(n, 1e-6)-mean[k]*mean[k], 0))))
	}
	var s sketch
	for i := range c.cover {
		bit := uint64(1) << i
		w := c.cover[i]
		s.steps(0, bit, w, 0.25, 0.75)
		if w < 0.2 { // background: the middle of every scale
			s.steps(coverSteps, bit, 0, -1, -0.35, 0.35, 1)
			s.steps(coverSteps+brightSteps, bit, 0, -14, 14)
			s.steps(coverSteps+brightSteps+2, bit, 0, -0.7, 0.7)
			s.steps(coverSteps+brightSteps+colourSteps, bit, 0, -14, 14)
			s.steps(coverSteps+brightSteps+colourSteps+2, bit, 0, -0.7, 0.7)
			continue
		}
		y, u, v := c.colour[i][0]/w, c.colour[i][1]/w, c.colour[i][2]/w
		s.steps(coverSteps, bit, (y-mean[0])/(spread[0]+7), -1, -0.35, 0.35, 1)
		s.steps(coverSteps+brightSteps, bit, u, -14, 14)
		s.steps(coverSteps+brightSteps+2, bit, (u-mean[1])/(spread[1]+9), -0.7, 0.7)
		s.steps(coverSteps+brightSteps+colourSteps, bit, v, -14, 14)
		s.steps(coverSteps+brightSteps+colourSteps+2, bit, (v-mean[2])/(spread[2]+9), -0.7, 0.7)
	}
	for i := range 12 {
		if mean[0] > float32(30+i*17) {
			s[sketchWords-1] |= 1 << i
		}
	}
	for i := range 6 {
		if spread[0] > float32(6+i*10) {
			s[sketchWords-1] |= 1 << (16 + i)
		}
	}
	return s
}

func (s *sketch) steps(word int, bit uint64, v float32, bounds ...float32) {
	for i, b := range bounds {
		if v > b {
			s[word+i] |= bit
		}
	}
}

// apart is the share of differing bits, in thousandths, in those cells known to both where either has something. Beyond limit it just says so.
func (s *sketch) apart(o *sketch, known uint64, limit int) int {
	seen := bits.OnesCount64((s[0] | o[0]) & known)
	if seen < 8 {
		return farthest // too little to tell
	}
	n := 12 + bits.OnesCount64((s[0]^o[0])&known) // what is there counts more than its colour, and two cells agree more easily than forty
	n += 3 * bits.OnesCount64(s[sketchWords-1]^o[sketchWords-1])
	for i := range coverSteps + brightSteps {
		n += bits.OnesCount64((s[i] ^ o[i]) & known)
	}
	if n*64 >= limit*seen {
		return max(limit, 0)
	}
	for i := coverSteps + brightSteps; i < sketchWords-1; i++ {
		n += bits.OnesCount64((s[i] ^ o[i]) & known)
	}
	return n * 64 / seen
}

// cells averages the inner window of a patch.
func (p *patch) cells() cells {
	var c cells
	var total, seen [64]float32
	for i := range p.goods {
		u := (float64(i%patchSide)+0.5)/patchSide*(1+2*patchMargin) - patchMargin
		v := (float64(i/patchSide)+0.5)/patchSide*(1+2*patchMargin) - patchMargin
		if u < 0 || v < 0 || u >= 1 || v >= 1 {
			continue
		}
		k := int(v*sketchGrid)*sketchGrid + int(u*sketchGrid)
		total[k]++
		if !p.known[i] {
			continue
		}
		seen[k]++
		if p.goods[i] > 0 {
			c.cover[k]++
			for j := range 3 {
				c.colour[k][j] += p.p[3*i+j]
			}
		}
	}
	for k := range total {
		if seen[k] < total[k]/2 {
			continue
		}
		c.known |= 1 << k
		for j := range 3 {
			c.colour[k][j] /= seen[k]
		}
		c.cover[k] /= seen[k]
	}
	return c
}

// cells averages a drawing that shows exactly one window; pix is its picture or one of its plates.
func (c *canvas) cells(pix []uint8) cells {
	out := cells{known: math.MaxUint64}
	per := c.w / sketchGrid
	share := 1 / float32(per*per)
	for y := range per * sketchGrid {
		for x := range per * sketchGrid {
			i, k := y*c.w+x, y/per*sketchGrid+x/per
			w := float32(c.alpha[i]) / 255 * share
			if w == 0 {
				continue
			}
			var px [3]float32
			opponent(px[:], pix[4*i:4*i+4])
			out.cover[k] += w
			for j := range 3 {
				out.colour[k][j] += w * px[j]
			}
		}
	}
	return out
}
