package search

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"io"
	"math"
	"time"

	"entrepot/internal/errs"
	"entrepot/internal/web"
)

// kept is an answer as Redis has it.
type kept struct {
	asked   time.Time // by Redis' clock
	offers  []int64
	refusal *errs.Error
	packed  bool   // bytes is gzip
	bytes   []byte // nil beside a refusal
}

// The first bytes of a value, and what its flags mean.
const (
	keptMagic   = "eC1" // with the format's number
	keptPacked  = 1
	keptRefusal = 2
	mostOffers  = 1000
	largestBody = 8 << 20
)

// writeKept lays an answer out: magic, checksum of the rest, flags, time, offers, then code and key of a refusal or the
// bytes.
func writeKept(k kept) []byte {
	flags := byte(0)
	if k.packed {
		flags |= keptPacked
	}
	if k.refusal != nil {
		flags |= keptRefusal
	}
	out := make([]byte, len(keptMagic)+4, len(keptMagic)+64+5*len(k.offers)+len(k.bytes))
	copy(out, keptMagic)
	out = append(out, flags)
	out = binary.AppendVarint(out, k.asked.UnixMicro())
	out = binary.AppendUvarint(out, uint64(len(k.offers)))
	for _, id := range k.offers {
		out = binary.AppendVarint(out, id)
	}
	if k.refusal != nil {
		out = appendText(appendText(out, string(k.refusal.Code)), k.refusal.Key)
	}
	out = append(out, k.bytes...)
	binary.BigEndian.PutUint32(out[len(keptMagic):], crc32.ChecksumIEEE(out[len(keptMagic)+4:]))
	return out
}

func appendText(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

// readKept is the reverse; nil for anything writeKept did not write.
func readKept(raw []byte) *kept {
	head := len(keptMagic) + 4
	if len(raw) <= head || string(raw[:len(keptMagic)]) != keptMagic ||
		binary.BigEndian.Uint32(raw[len(keptMagic):]) != crc32.ChecksumIEEE(raw[head:]) {
		return nil
	}
	r := &keptReader{rest: raw[head+1:]}
	flags := raw[head]
	k := &kept{packed: flags&keptPacked != 0, asked: time.UnixMicro(r.varint())}
	n := r.uvarint()
	if n > mostOffers {
		return nil
	}
	for range n {
		k.offers = append(k.offers, r.varint())
	}
	if flags&keptRefusal != 0 {
		k.refusal = errs.New(errs.Code(r.text()), r.text())
	} else {
		k.bytes = r.rest
	}
	if r.bad {
		return nil
	}
	return k
}

type keptReader struct {
	rest []byte
	bad  bool
}

func (r *keptReader) skip(n int) {
	if n <= 0 || n > len(r.rest) {
		r.bad, r.rest = true, nil
		return
	}
	r.rest = r.rest[n:]
}

func (r *keptReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.skip(n)
	return v
}

func (r *keptReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.skip(n)
	return v
}

func (r *keptReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.bad = true
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}

// answer makes the bytes ready to be served again; nil when they cannot be.
func (k *kept) answer(lang string, rules web.CacheRules) *web.Cached {
	if !k.packed {
		return web.NewCached(bytes.Clone(k.bytes), lang, rules)
	}
	z, err := gzip.NewReader(bytes.NewReader(k.bytes))
	if err != nil {
		return nil
	}
	var body bytes.Buffer
	if n := len(k.bytes); n > 4 { // gzip ends with the size; a lie costs no more than the limit
		body.Grow(int(min(binary.LittleEndian.Uint32(k.bytes[n-4:]), largestBody)) + bytes.MinRead)
	}
	if n, err := body.ReadFrom(io.LimitReader(z, largestBody+1)); err != nil || n > largestBody {
		return nil
	}
	return web.RestoreCached(bytes.Clone(body.Bytes()), bytes.Clone(k.bytes), lang, rules)
}

// keptOf is e as Redis keeps it; ok is false for what is too large.
func keptOf(e *entry, asked time.Time) (raw []byte, ok bool) {
	k := kept{asked: asked, offers: e.offers, refusal: e.refusal}
	if c := e.answer.Load(); c != nil {
		k.bytes = c.Body
		if c.Gzip != nil {
			k.packed, k.bytes = true, c.Gzip
		}
	}
	if len(k.offers) > mostOffers || len(k.bytes) > math.MaxInt32 {
		return nil, false
	}
	raw = writeKept(k)
	return raw, len(raw) <= largest
}
