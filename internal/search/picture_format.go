package search

import (
	"bytes"
	"encoding/binary"
	"image"
)

// inspectPNG walks the chunks (RFC 2083); the decoder checks their sums.
func inspectPNG(raw []byte) (*pictureHead, error) {
	h, data := &pictureHead{}, false
	for pos := 8; pos+12 <= len(raw); {
		size := int64(binary.BigEndian.Uint32(raw[pos:]))
		name := string(raw[pos+4 : pos+8])
		if size > int64(len(raw)-pos-12) {
			return nil, errPictureDamaged
		}
		body := raw[pos+8:][:size]
		first := pos == 8
		pos += 12 + int(size)
		if first != (name == "IHDR") {
			return nil, errPictureDamaged
		}
		switch name {
		case "IHDR":
			if size != 13 {
				return nil, errPictureDamaged
			}
			w, d := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if w > 1<<30 || d > 1<<30 {
				return nil, errPicturePixels
			}
			h.w, h.h, h.heavy = int(w), int(d), body[8] == 16 || body[12] != 0
		case "IDAT":
			data = true
		case "IEND":
			if !data {
				return nil, errPictureDamaged
			}
			h.tail = raw[pos:]
			return h, nil
		case "PLTE", "tRNS", "fdAT":
		default:
			h.notes = append(h.notes, body)
			switch name {
			case "eXIf":
				h.orientation = orientation(body)
			case "tEXt", "iTXt":
				if _, text, ok := bytes.Cut(body, []byte{0}); ok && hides(text, true) {
					return nil, errPictureHides
				}
			}
		}
	}
	return nil, errPictureDamaged // no end: cut off
}

// inspectGIF walks the blocks (GIF89a) and counts the frames.
func inspectGIF(raw []byte) (*pictureHead, error) {
	if len(raw) < 14 {
		return nil, errPictureDamaged
	}
	h := &pictureHead{w: int(binary.LittleEndian.Uint16(raw[6:])), h: int(binary.LittleEndian.Uint16(raw[8:]))}
	pos, frames := 13+table(raw[10]), 0
	for pos < len(raw) {
		mark := raw[pos]
		pos++
		switch mark {
		case 0x3b: // the end
			if frames == 0 {
				return nil, errPictureDamaged
			}
			h.tail = raw[pos:]
			return h, nil
		case 0x21: // an extension: comments, and the data of applications
			if pos >= len(raw) {
				return nil, errPictureDamaged
			}
			label := raw[pos]
			text, next, ok := subBlocks(raw, pos+1, label != 0xf9)
			if !ok {
				return nil, errPictureDamaged
			}
			if pos = next; label == 0xfe && hides(text, true) {
				return nil, errPictureHides
			}
			h.notes = append(h.notes, text)
		case 0x2c: // a frame
			if frames++; frames > maxFrames {
				return nil, errPictureComplex
			}
			if pos+10 > len(raw) {
				return nil, errPictureDamaged
			}
			_, next, ok := subBlocks(raw, pos+10+table(raw[pos+8]), false)
			if !ok {
				return nil, errPictureDamaged
			}
			pos = next
		default:
			return nil, errPictureDamaged
		}
		if len(h.notes) > maxFrames*4 {
			return nil, errPictureComplex
		}
	}
	return nil, errPictureDamaged
}

// table is the size of the colour table that a GIF's flags announce.
func table(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// subBlocks skips a chain of blocks that begin with their length; keep collects what is in them.
func subBlocks(raw []byte, pos int, keep bool) (text []byte, next int, ok bool) {
	for pos < len(raw) {
		n := int(raw[pos])
		if n == 0 {
			return text, pos + 1, true
		}
		if pos+1+n > len(raw) {
			return nil, 0, false
		}
		if keep {
			text = append(text, raw[pos+1:pos+1+n]...)
		}
		pos += 1 + n
	}
	return nil, 0, false
}

// webpWalk reads the chunks of a WebP (RFC 9649).
type webpWalk struct {
	head   pictureHead
	alpha  []byte // ALPH chunk of the first frame
	bits   []byte // its VP8 or VP8L chunk
	size   image.Point
	frames int
}

// inspectWebP finds the first frame and makes a plain file of it, which is all the decoder reads.
func inspectWebP(raw []byte) (*pictureHead, error) {
	end := int64(binary.LittleEndian.Uint32(raw[4:])) + 8
	if end > int64(len(raw)) || end < 20 {
		return nil, errPictureDamaged
	}
	w := webpWalk{}
	if err := w.chunks(raw[12:end], 0); err != nil {
		return nil, err
	}
	if w.bits == nil {
		return nil, errPictureDamaged
	}
	h := &w.head
	h.tail = raw[end:]
	if h.w == 0 {
		h.w, h.h = w.size.X, w.size.Y
	}
	if !(image.Rectangle{Max: w.size}).Add(h.frame).In(image.Rect(0, 0, h.w, h.h)) {
		return nil, errPictureDamaged
	}
	h.first = w.file()
	return h, nil
}

func (w *webpWalk) chunks(raw []byte, depth int) error {
	for len(raw) >= 8 {
		name, size := string(raw[:4]), int64(binary.LittleEndian.Uint32(raw[4:]))
		if size > int64(len(raw)-8) {
			return errPictureDamaged
		}
		body := raw[8:][:size]
		raw = raw[min(8+size+size&1, int64(len(raw))):]
		if err := w.chunk(name, body, depth); err != nil {
			return err
		}
	}
	if len(raw) > 0 {
		w.head.notes = append(w.head.notes, raw)
	}
	return nil
}

func (w *webpWalk) chunk(name string, body []byte, depth int) error {
	switch name {
	case "VP8X":
		if len(body) < 10 || w.head.w != 0 {
			return errPictureDamaged
		}
		w.head.w, w.head.h = 1+int(uint24(body[4:])), 1+int(uint24(body[7:]))
	case "ALPH":
		if w.bits == nil {
			w.alpha = body
		}
	case "VP8 ", "VP8L":
		if w.bits != nil {
			return nil // a later frame
		}
		w.bits = append([]byte(name), body...)
		return w.measure(body)
	case "ANMF":
		if w.frames++; w.frames > maxFrames {
			return errPictureComplex
		}
		if len(body) < 16 || depth > 0 {
			return errPictureDamaged
		}
		if w.bits == nil {
			w.head.frame = image.Pt(2*int(uint24(body)), 2*int(uint24(body[3:])))
		}
		return w.chunks(body[16:], depth+1)
	case "EXIF":
		w.head.orientation = orientation(bytes.TrimPrefix(body, []byte("Exif\x00\x00")))
		fallthrough
	default:
		w.head.notes = append(w.head.notes, body)
	}
	return nil
}

// measure reads the size of a frame from the frame itself.
func (w *webpWalk) measure(body []byte) error {
	switch {
	case string(w.bits[:4]) == "VP8 " && len(body) >= 10 && body[0]&1 == 0 && bytes.Equal(body[3:6], []byte{0x9d, 0x01, 0x2a}):
		w.size = image.Pt(int(binary.LittleEndian.Uint16(body[6:]))&0x3fff, int(binary.LittleEndian.Uint16(body[8:]))&0x3fff)
	case string(w.bits[:4]) == "VP8L" && len(body) >= 5 && body[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(body[1:])
		w.size = image.Pt(1+int(bits&0x3fff), 1+int(bits>>14&0x3fff))
	default:
		return errPictureDamaged
	}
	if w.size.X < 1 || w.size.Y < 1 {
		return errPictureDamaged
	}
	return nil
}

// file is the first frame as a WebP of its own: extended only when it has an alpha plane beside it.
func (w *webpWalk) file() []byte {
	var body []byte
	if w.alpha != nil && string(w.bits[:4]) == "VP8 " {
		x := make([]byte, 10)
		x[0] = 1 << 4
		putUint24(x[4:], uint32(w.size.X-1))
		putUint24(x[7:], uint32(w.size.Y-1))
		body = chunk(chunk(body, "VP8X", x), "ALPH", w.alpha)
	}
	body = chunk(body, string(w.bits[:4]), w.bits[4:])
	out := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body)+4))
	return append(append(out, "WEBP"...), body...)
}

func chunk(to []byte, name string, body []byte) []byte {
	to = binary.LittleEndian.AppendUint32(append(to, name...), uint32(len(body)))
	to = append(to, body...)
	if len(body)%2 == 1 {
		to = append(to, 0)
	}
	return to
}

func uint24(b []byte) uint32 { return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 }

func putUint24(b []byte, v uint32) { b[0], b[1], b[2] = byte(v), byte(v>>8), byte(v>>16) }
