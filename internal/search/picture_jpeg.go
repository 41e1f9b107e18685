package search

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Bounds of what one picture may make us do.
const (
	maxScans      = 64          // passes of a progressive JPEG; ordinary ones have 6 to 12
	maxScanPixels = 600_000_000 // passes times pixels
	maxFrames     = 5_000       // of an animation
)

// Markers of JPEG (ITU-T T.81, table B.1).
const (
	markSOF0 = 0xc0
	markSOF1 = 0xc1
	markSOF2 = 0xc2
	markDHT  = 0xc4
	markJPG  = 0xc8
	markDAC  = 0xcc
	markRST0 = 0xd0
	markSOI  = 0xd8
	markEOI  = 0xd9
	markSOS  = 0xda
	markAPP0 = 0xe0
	markAPP1 = 0xe1
	markCOM  = 0xfe
)

// jpegWalk reads the segments of a JPEG.
type jpegWalk struct {
	head  pictureHead
	parts []byte            // the components' ids
	seen  map[byte]coverage // by id
	scans int
}

// coverage has a bit for each of a component's 64 coefficients whose last bit has come.
type coverage uint64

// inspectJPEG walks the segments up to the end of the image. Everything must be there: the frame, data for each of its
// components, the end marker.
func inspectJPEG(raw []byte) (*pictureHead, error) {
	w := jpegWalk{seen: map[byte]coverage{}}
	for pos := 2; pos < len(raw); {
		if raw[pos] != 0xff { // a few encoders leave bytes between segments, and so do hiders
			start := pos
			if n := bytes.IndexByte(raw[pos:], 0xff); n >= 0 {
				pos += n
			} else {
				pos = len(raw)
			}
			w.head.notes = append(w.head.notes, raw[start:pos])
			continue
		}
		for pos < len(raw) && raw[pos] == 0xff {
			pos++
		}
		if pos >= len(raw) {
			break
		}
		mark := raw[pos]
		pos++
		switch {
		case mark == markEOI:
			w.head.tail = raw[pos:]
			return w.done()
		case mark == 0 || mark == 0x01 || mark >= markRST0 && mark < markSOI:
			continue
		case mark == markSOI || mark < markSOF0 || pos+2 > len(raw):
			return nil, errPictureDamaged
		}
		size := int(binary.BigEndian.Uint16(raw[pos:]))
		if size < 2 || pos+size > len(raw) {
			return nil, errPictureDamaged
		}
		if err := w.segment(mark, raw[pos+2:pos+size]); err != nil {
			return nil, err
		}
		if pos += size; mark == markSOS {
			pos += entropy(raw[pos:])
		}
	}
	return nil, errPictureDamaged // cut off
}

// segment reads one segment without its marker and length.
func (w *jpegWalk) segment(mark byte, seg []byte) error {
	switch {
	case mark == markSOF0 || mark == markSOF1 || mark == markSOF2:
		return w.frame(mark, seg)
	case mark > markSOF2 && mark <= 0xcf && mark != markDHT && mark != markJPG && mark != markDAC:
		return errPictureFormat // lossless, hierarchical or arithmetic: nobody sends these
	case mark == markSOS:
		return w.scan(seg)
	case mark == markCOM:
		w.head.notes = append(w.head.notes, seg)
		if hides(seg, true) {
			return errPictureHides
		}
	case mark >= markAPP0 && mark <= 0xef:
		w.head.notes = append(w.head.notes, seg)
		if exif, ok := bytes.CutPrefix(seg, []byte("Exif\x00\x00")); ok && mark == markAPP1 && w.head.orientation == 0 {
			w.head.orientation = orientation(exif)
		}
	}
	return nil
}

func (w *jpegWalk) frame(mark byte, seg []byte) error {
	if w.parts != nil || len(seg) < 6 || len(seg) != 6+3*int(seg[5]) {
		return errPictureDamaged
	}
	if seg[0] != 8 {
		return errPictureFormat // 12 bits a sample
	}
	w.head.h, w.head.w = int(binary.BigEndian.Uint16(seg[1:])), int(binary.BigEndian.Uint16(seg[3:]))
	if w.head.h > 0 && w.head.w > MaxPicturePixels/w.head.h {
		return errPicturePixels
	}
	w.head.heavy, w.head.sequential = mark == markSOF2 || seg[5] == 4, mark != markSOF2
	for i := 6; i < len(seg); i += 3 {
		w.parts = append(w.parts, seg[i])
	}
	return nil
}

func (w *jpegWalk) scan(seg []byte) error {
	if w.parts == nil || len(seg) < 1 || len(seg) != 4+2*int(seg[0]) {
		return errPictureDamaged
	}
	from, to, last := seg[len(seg)-3], seg[len(seg)-2], seg[len(seg)-1]&0x0f == 0
	if w.head.sequential {
		from, to, last = 0, 63, true
	}
	if from > to || to > 63 {
		return errPictureDamaged
	}
	for i := 1; last && i < len(seg)-3; i += 2 {
		w.seen[seg[i]] |= (1<<(to-from+1) - 1) << from
	}
	if w.scans++; w.scans > maxScans || w.scans*w.head.w*w.head.h > maxScanPixels {
		return errPictureComplex
	}
	return nil
}

func (w *jpegWalk) done() (*pictureHead, error) {
	if w.parts == nil {
		return nil, errPictureDamaged
	}
	for _, id := range w.parts {
		if w.seen[id] != math.MaxUint64 {
			return nil, errPictureDamaged // some of its data is missing
		}
	}
	w.head.sequential = w.head.sequential && w.scans == 1
	return &w.head, nil
}

// bareJPEG copies what it takes to see the picture, byte for byte: tables, frame, scan, and how colours are coded (a JFIF
// header or Adobe's mark, written anew). inspectJPEG has accepted the file, whose one scan ends the copy.
func bareJPEG(raw []byte) []byte {
	out := append(make([]byte, 0, len(raw)), 0xff, markSOI)
	for pos := 2; pos+4 <= len(raw); {
		if raw[pos] != 0xff || raw[pos+1] == 0xff || raw[pos+1] == 0 {
			pos++
			continue
		}
		mark, size := raw[pos+1], int(binary.BigEndian.Uint16(raw[pos+2:]))
		seg := raw[pos : pos+2+size]
		pos += 2 + size
		switch {
		case mark == markSOS:
			out = append(append(out, seg...), raw[pos:pos+entropy(raw[pos:])]...)
			return append(out, 0xff, markEOI)
		case mark == markAPP0 && bytes.HasPrefix(seg[4:], []byte("JFIF\x00")):
			out = append(out, "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"...)
		case mark == 0xee && len(seg) >= 16 && string(seg[4:9]) == "Adobe":
			out = append(append(out, "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00"...), seg[15])
		case mark == markSOF0 || mark == markSOF1 || mark == markDHT || mark == 0xdb || mark == 0xdd: // DQT, DRI
			out = append(out, seg...)
		}
	}
	return out
}

// entropy is how many bytes of coded data follow a scan header: up to the next marker that is no restart.
func entropy(raw []byte) int {
	for pos := 0; ; {
		n := bytes.IndexByte(raw[pos:], 0xff)
		if n < 0 || pos+n+1 >= len(raw) {
			return len(raw)
		}
		pos += n
		if next := raw[pos+1]; next == 0xff {
			pos++ // fill
		} else if next != 0 && (next < markRST0 || next >= markSOI) {
			return pos
		} else {
			pos += 2
		}
	}
}

// orientation reads tag 0x0112 of the first directory of a TIFF structure (EXIF), 0 when it is not there.
func orientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	switch {
	case bytes.HasPrefix(tiff, []byte("II*\x00")):
		order = binary.LittleEndian
	case !bytes.HasPrefix(tiff, []byte("MM\x00*")):
		return 0
	}
	if len(tiff) < 8 {
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	dir := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(dir) < 12 {
			return 0
		}
		if order.Uint16(dir) == 0x0112 {
			return orientationValue(order, dir)
		}
		dir = dir[12:]
	}
	return 0
}

// orientationValue reads the entry: one SHORT by the book, a LONG or a BYTE from some writers.
func orientationValue(order binary.ByteOrder, entry []byte) int {
	v := 0
	switch order.Uint16(entry[2:]) {
	case 1:
		v = int(entry[8])
	case 3:
		v = int(order.Uint16(entry[8:]))
	case 4:
		v = int(order.Uint32(entry[8:]))
	}
	if v < 1 || v > 8 {
		return 0
	}
	return v
}
