package search

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
)

// A photograph of a phone has ten times the pixels that are handed on. The standard decoder makes all of them first; most
// of its time goes into the Huffman codes and the transform. For the kind of JPEG that cameras write (one pass, grey or
// YCbCr, chroma halved or not) this decoder reads the codes faster and transforms to 4, 2 or 1 of 8 pixels a side, as
// libjpeg does. Everything else, and every doubt, is left to the standard one. Tests hold the two against each other.

// errNotScaled leaves the file to the standard decoder.
var errNotScaled = errors.New("jpeg: not decoded at a scale")

// decodeJPEG unpacks a JPEG, at a scale when all of it is not needed.
func (h *pictureHead) decodeJPEG(raw []byte, box *Box) (image.Image, error) {
	if den := h.scale(box); den > 1 && h.sequential {
		img, err := decodeScaled(raw, den)
		if !errors.Is(err, errNotScaled) {
			return img, err
		}
	}
	return jpeg.Decode(bytes.NewReader(raw))
}

// scale is the greatest of 8, 4, 2 that leaves the part at about PictureSide: a sixteenth less spares a second scaling.
func (h *pictureHead) scale(box *Box) int {
	part := h.part(image.Rect(0, 0, h.w, h.h), box)
	for den := 8; den > 1; den /= 2 {
		if max(part.Dx(), part.Dy())/den >= PictureSide*15/16 {
			return den
		}
	}
	return 1
}

// scaledPart is one component.
type scaledPart struct {
	id, tq, td, ta byte
	h, v           int // sampling factors
	pix            []byte
	stride         int
	dc             int32
}

// scaledJPEG decodes one file.
type scaledJPEG struct {
	den, side int // 8/den pixels a side come of a block
	need      int // coefficients up to this place of the zig-zag count
	w, h      int
	parts     []scaledPart
	quant     [4][64]int32
	huff      [2][4]*huffTable // dc, ac
	restart   int
	adobe     int // transform, -1 = not said
	jfif      bool
	bits      bitReader
	coef      [16]int32 // 4 x 4, dequantised
}

// zigzag is the natural place (row*8+column) of each coefficient.
var zigzag = [64]byte{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// decodeScaled decodes to 1/den of the size, rounded up. inspectJPEG has accepted the file. Errors: errNotScaled,
// image.damaged.
func decodeScaled(raw []byte, den int) (image.Image, error) {
	d := scaledJPEG{den: den, side: 8 / den, need: map[int]int{2: 24, 4: 4, 8: 0}[den], adobe: -1}
	for pos := 2; pos+4 <= len(raw); {
		if raw[pos] != 0xff {
			return nil, errNotScaled
		}
		mark := raw[pos+1]
		if mark == 0xff {
			pos++
			continue
		}
		size := int(binary.BigEndian.Uint16(raw[pos+2:]))
		if size < 2 || pos+2+size > len(raw) {
			return nil, errNotScaled
		}
		seg := raw[pos+4 : pos+2+size]
		pos += 2 + size
		if mark == markSOS {
			return d.scan(seg, raw[pos:pos+entropy(raw[pos:])])
		}
		if err := d.segment(mark, seg); err != nil {
			return nil, err
		}
	}
	return nil, errNotScaled
}

func (d *scaledJPEG) segment(mark byte, seg []byte) error {
	switch {
	case mark == markSOF0 || mark == markSOF1:
		return d.frame(seg)
	case mark == markDHT:
		return d.huffman(seg)
	case mark == 0xdb: // DQT
		return d.quantizers(seg)
	case mark == 0xdd && len(seg) == 2: // DRI
		d.restart = int(binary.BigEndian.Uint16(seg))
	case mark == markAPP0:
		d.jfif = d.jfif || bytes.HasPrefix(seg, []byte("JFIF\x00"))
	case mark == 0xee && len(seg) >= 12 && string(seg[:5]) == "Adobe":
		d.adobe = int(seg[11])
	}
	return nil
}

func (d *scaledJPEG) quantizers(seg []byte) error {
	for len(seg) >= 65 && seg[0] < 4 { // of 8 bits
		for i := range 64 {
			d.quant[seg[0]][i] = int32(seg[1+i])
		}
		seg = seg[65:]
	}
	if len(seg) != 0 {
		return errNotScaled
	}
	return nil
}

func (d *scaledJPEG) frame(seg []byte) error {
	d.h, d.w = int(binary.BigEndian.Uint16(seg[1:])), int(binary.BigEndian.Uint16(seg[3:]))
	for i := 6; i+2 < len(seg); i += 3 {
		d.parts = append(d.parts, scaledPart{id: seg[i], h: int(seg[i+1] >> 4), v: int(seg[i+1] & 15), tq: seg[i+2]})
	}
	switch len(d.parts) {
	case 1:
		d.parts[0].h, d.parts[0].v = 1, 1
	case 3:
		y, b, r := &d.parts[0], &d.parts[1], &d.parts[2]
		if y.h < 1 || y.h > 2 || y.v < 1 || y.v > 2 || b.h != 1 || b.v != 1 || r.h != 1 || r.v != 1 {
			return errNotScaled
		}
	default:
		return errNotScaled
	}
	return nil
}

// isRGB repeats the standard decoder's rule.
func (d *scaledJPEG) isRGB() bool {
	return !d.jfif && len(d.parts) == 3 && (d.adobe == 0 || d.parts[0].id == 'R' && d.parts[1].id == 'G' && d.parts[2].id == 'B')
}

// scan decodes the one pass.
func (d *scaledJPEG) scan(seg, data []byte) (image.Image, error) {
	if len(d.parts) == 0 || d.isRGB() || len(seg) != 4+2*len(d.parts) || int(seg[0]) != len(d.parts) {
		return nil, errNotScaled
	}
	for i := range d.parts {
		p := &d.parts[i]
		p.td, p.ta = seg[2+2*i]>>4, seg[2+2*i]&15
		if seg[1+2*i] != p.id || p.td > 3 || p.ta > 3 || p.tq > 3 || d.huff[0][p.td] == nil || d.huff[1][p.ta] == nil {
			return nil, errNotScaled
		}
	}
	mx, my := (d.w+8*d.parts[0].h-1)/(8*d.parts[0].h), (d.h+8*d.parts[0].v-1)/(8*d.parts[0].v)
	for i := range d.parts {
		p := &d.parts[i]
		p.stride = mx * p.h * d.side
		p.pix = make([]byte, p.stride*my*p.v*d.side)
	}
	d.bits.data = data
	d.bits.next()
	for m := range mx * my {
		if d.restart > 0 && m > 0 && m%d.restart == 0 {
			if d.bits.over() || !d.bits.next() {
				return nil, errNotScaled // the standard decoder looks for where it goes on
			}
			for i := range d.parts {
				d.parts[i].dc = 0
			}
		}
		if err := d.unit(m%mx, m/mx); err != nil {
			return nil, err
		}
	}
	if d.bits.over() {
		return nil, errPictureDamaged
	}
	return d.image(), nil
}

func (d *scaledJPEG) image() image.Image {
	r := image.Rect(0, 0, (d.w+d.den-1)/d.den, (d.h+d.den-1)/d.den)
	y := &d.parts[0]
	if len(d.parts) == 1 {
		return &image.Gray{Pix: y.pix, Stride: y.stride, Rect: r}
	}
	ratio := map[[2]int]image.YCbCrSubsampleRatio{
		{1, 1}: image.YCbCrSubsampleRatio444, {2, 1}: image.YCbCrSubsampleRatio422, {1, 2}: image.YCbCrSubsampleRatio440, {2, 2}: image.YCbCrSubsampleRatio420,
	}[[2]int{y.h, y.v}]
	return &image.YCbCr{Y: y.pix, Cb: d.parts[1].pix, Cr: d.parts[2].pix, YStride: y.stride, CStride: d.parts[1].stride, SubsampleRatio: ratio, Rect: r}
}

// unit decodes one MCU.
func (d *scaledJPEG) unit(mx, my int) error {
	for i := range d.parts {
		p := &d.parts[i]
		for v := range p.v {
			for h := range p.h {
				busy, err := d.block(p)
				if err != nil {
					return err
				}
				d.paint(p.pix[((my*p.v+v)*p.stride+mx*p.h+h)*d.side:], p.stride, busy)
			}
		}
	}
	return nil
}

// block reads the coefficients of one block; busy is false when only the first counts.
func (d *scaledJPEG) block(p *scaledPart) (busy bool, err error) {
	b, q := &d.bits, &d.quant[p.tq]
	b.fill()
	size, ok := b.symbol(d.huff[0][p.td])
	if !ok || size > 11 {
		return false, errPictureDamaged
	}
	p.dc += b.value(uint(size))
	d.coef = [16]int32{p.dc * q[0]}
	ac := d.huff[1][p.ta]
	for k := 1; k < 64; k++ {
		b.fill()
		var rs byte
		if e := ac.fast[b.acc>>(64-fastBits)]; e != 0 {
			rs = byte(e)
			b.skip(uint(e >> 8))
		} else if rs, ok = b.symbol(ac); !ok {
			return false, errPictureDamaged
		}
		n := uint(rs & 15)
		if n == 0 {
			if rs != 0xf0 {
				break
			}
			k += 15
			continue
		}
		if k += int(rs >> 4); k > 63 {
			return false, errPictureDamaged
		}
		if k > d.need {
			b.skip(n)
			continue
		}
		at := zigzag[k]
		if v := b.value(n); at&7 < 4 && at < 32 {
			d.coef[at>>3*4+at&7], busy = v*q[k], true
		}
	}
	return busy, nil
}

// paint transforms the coefficients to side x side pixels.
func (d *scaledJPEG) paint(to []byte, stride int, busy bool) {
	c := &d.coef
	switch {
	case !busy || d.side == 1:
		v := sample8(c[0] << 10)
		for y := range d.side {
			row := to[y*stride:][:d.side]
			for x := range row {
				row[x] = v
			}
		}
	case d.side == 2:
		a, b, e, f := c[0]<<10, c[1]<<10, c[4]<<10, c[5]<<10
		to[0], to[1] = sample8(a+b+e+f), sample8(a-b+e-f)
		to[stride], to[stride+1] = sample8(a+b-e-f), sample8(a-b-e+f)
	default:
		var t [16]int32
		for x := range 4 { // columns
			t[x], t[4+x], t[8+x], t[12+x] = idct4(c[x], c[4+x], c[8+x], c[12+x])
		}
		for y := range 4 {
			p0, p1, p2, p3 := idct4(t[4*y]>>4, t[4*y+1]>>4, t[4*y+2]>>4, t[4*y+3]>>4)
			row := to[y*stride:][:4]
			row[0], row[1], row[2], row[3] = sample8(p0>>6), sample8(p1>>6), sample8(p2>>6), sample8(p3>>6)
		}
	}
}

// idct4 is the inverse transform of four coefficients, times two and 2^10.
func idct4(a, b, c, d int32) (p0, p1, p2, p3 int32) {
	// cos(pi/8) and sin(pi/8), each times the square root of two, times 2^10
	const c1, s1 = 1338, 554
	even, odd := (a+c)<<10, (a-c)<<10
	x, y := b*c1+d*s1, b*s1-d*c1
	return even + x, odd + y, odd - y, even - x
}

// sample8 rounds a sample times 8 times 2^10 and puts it into 0..255.
func sample8(v int32) byte {
	return byte(min(max((v+(1<<12))>>13+128, 0), 255))
}

// fastBits is the length of codes found by one look; longer ones are rare.
const fastBits = 10

// huffTable decodes one Huffman code (T.81 annex C).
type huffTable struct {
	fast    [1 << fastBits]uint16 // length<<8 | symbol, 0 = longer
	symbols []byte
	max     [18]int32 // greatest code of a length, -1 = none
	first   [17]int32 // place of the first symbol of a length, less its code
}

func (d *scaledJPEG) huffman(seg []byte) error {
	for len(seg) >= 17 {
		class, id := seg[0]>>4, seg[0]&15
		total := 0
		for _, n := range seg[1:17] {
			total += int(n)
		}
		if class > 1 || id > 3 || total == 0 || total > 256 || 17+total > len(seg) {
			return errNotScaled
		}
		t := newHuffTable(seg[1:17], seg[17:17+total])
		if t == nil {
			return errNotScaled
		}
		d.huff[class][id] = t
		seg = seg[17+total:]
	}
	if len(seg) != 0 {
		return errNotScaled
	}
	return nil
}

// newHuffTable builds the tables, nil when the lengths make no code.
func newHuffTable(counts, symbols []byte) *huffTable {
	t := &huffTable{symbols: symbols}
	code, at := int32(0), int32(0)
	for length := 1; length <= 16; length++ {
		n := int32(counts[length-1])
		if code+n > 1<<length {
			return nil
		}
		t.first[length], t.max[length] = at-code, -1
		if n > 0 {
			t.max[length] = code + n - 1
		}
		for i := range n {
			if length <= fastBits {
				from := (code + i) << (fastBits - length)
				for k := range int32(1) << (fastBits - length) {
					t.fast[from+k] = uint16(length)<<8 | uint16(symbols[at+i])
				}
			}
		}
		at += n
		code = (code + n) << 1
	}
	return t
}

// bitReader reads the bits of one restart interval, its stuffing taken out. Behind the end come zeros; over tells.
type bitReader struct {
	data []byte // what is left of the scan
	buf  []byte // the interval and eight zeros
	size int    // of the interval
	pos  int
	acc  uint64 // from the top
	n    uint   // how many bits of it are filled
	own  []byte
}

// next takes the next interval of the scan; false when there is none.
func (b *bitReader) next() bool {
	if len(b.data) == 0 {
		return false
	}
	b.own = b.own[:0]
	data, found := b.data, false
	for !found {
		n := bytes.IndexByte(data, 0xff)
		if n < 0 || n+1 == len(data) { // the end
			b.own, data = append(b.own, bytes.TrimSuffix(data, []byte{0xff})...), nil
			break
		}
		b.own = append(b.own, data[:n]...)
		switch data[n+1] {
		case 0xff: // fill
			data = data[n+1:]
			continue
		case 0:
			b.own = append(b.own, 0xff)
		default:
			found = true // a restart marker: the scan ends before any other
		}
		data = data[n+2:]
	}
	b.data, b.size = data, len(b.own)
	b.own = append(b.own, 0, 0, 0, 0, 0, 0, 0, 0)
	b.buf, b.pos, b.acc, b.n = b.own, 0, 0, 0
	return true
}

// over reports whether more was read than there was.
func (b *bitReader) over() bool { return b.pos*8-int(b.n) > b.size*8 }

// fill makes at least 56 bits ready.
func (b *bitReader) fill() {
	if b.n >= 32 {
		return
	}
	if b.pos > b.size { // zeros, without end
		b.pos += int(63-b.n) >> 3
		b.n |= 56
		return
	}
	b.acc |= binary.BigEndian.Uint64(b.buf[b.pos:]) >> b.n
	b.pos += int(63-b.n) >> 3
	b.n |= 56
}

func (b *bitReader) skip(n uint) {
	b.acc <<= n & 63
	b.n -= n
}

// value reads a number of n bits in JPEG's signed form.
func (b *bitReader) value(n uint) int32 {
	if n == 0 {
		return 0
	}
	v := int32(b.acc >> (64 - n))
	b.skip(n)
	if v < 1<<(n-1) {
		v += -1<<n + 1
	}
	return v
}

// symbol reads one code.
func (b *bitReader) symbol(t *huffTable) (byte, bool) {
	if e := t.fast[b.acc>>(64-fastBits)]; e != 0 {
		b.skip(uint(e >> 8))
		return byte(e), true
	}
	for length := uint(fastBits + 1); length <= 16; length++ {
		if code := int32(b.acc >> (64 - length)); code <= t.max[length] {
			b.skip(length)
			return t.symbols[t.first[length]+code], true
		}
	}
	return 0, false
}
