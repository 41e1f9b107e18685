package search

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// pngClaims is a PNG that claims a size and holds what data says, zlib-packed.
func pngClaims(w, h uint32, depth, kind byte, data []byte) []byte {
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	head = append(head, depth, kind, 0, 0, 0)
	out := []byte("\x89PNG\r\n\x1a\n")
	put := func(name string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		from := len(out)
		out = append(append(out, name...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[from:]))
	}
	put("IHDR", head)
	var z bytes.Buffer
	zw, _ := zlib.NewWriterLevel(&z, 9)
	_, _ = zw.Write(data)
	_ = zw.Close()
	put("IDAT", z.Bytes())
	put("IEND", nil)
	return out
}

// jpegClaims changes the size in a JPEG's frame header.
func jpegClaims(raw []byte, w, h uint16) []byte {
	out := bytes.Clone(raw)
	at := bytes.Index(out, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(out[at+5:], h)
	binary.BigEndian.PutUint16(out[at+7:], w)
	return out
}

// scans is a progressive JPEG header followed by many empty passes.
func scans(w, h uint16, n int) []byte {
	out := []byte{0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 1, 1, 0x11, 0}
	for range n {
		out = append(out, 0xff, 0xda, 0, 8, 1, 1, 0, 1, 63, 0, 0x00)
	}
	return append(out, 0xff, 0xd9)
}

// manyFrames is a GIF of one-pixel frames.
func manyFrames(n int) []byte {
	out := []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff")
	frame := []byte{0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0}
	return append(append(out, bytes.Repeat(frame, n)...), 0x3b)
}

func patched(raw []byte, old, with string) []byte {
	return bytes.Replace(bytes.Clone(raw), []byte(old), []byte(with), 1)
}

// zipOf is a real archive.
func zipOf(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("evil.php")
	require.NoError(t, err)
	_, err = w.Write([]byte("hello hello hello"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// peOf is the beginning of a Windows program.
func peOf() []byte {
	out := make([]byte, 0x100)
	copy(out, "MZ\x90\x00")
	out[0x3c] = 0x80
	copy(out[0x80:], "PE\x00\x00d\x86")
	return out
}

type hostile struct {
	raw  []byte
	code string
}

// hostileFiles are files that must be refused, each with its code, made here from nothing.
func hostileFiles(t testing.TB) map[string]hostile {
	t.Helper()
	jpg, pngFile, heic := jpegOf(t, quarters(160, 120)), pngOf(t, quarters(160, 120)), sample(t, "quarters.heic")
	gifFile := gifOf(t, paletted(quarters(60, 40)))
	web := webpOf(chunk(nil, "VP8L", litWebP(40, 30, color.NRGBA{20, 200, 20, 255})))
	const format, large, pixels, damaged, complex, hidden = "IMAGE_FORMAT_UNSUPPORTED", "IMAGE_TOO_LARGE", "IMAGE_TOO_MANY_PIXELS", "IMAGE_DAMAGED", "IMAGE_TOO_COMPLEX", "IMAGE_HIDDEN_CONTENT"
	files := map[string]hostile{
		"nothing": {nil, "IMAGE_EMPTY"}, "one byte": {[]byte{0xff}, format}, "text": {[]byte("hello, this is no picture at all"), format},
		"svg": {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), format}, "html": {[]byte("<!doctype html><script>1</script>"), format},
		"pdf": {[]byte("%PDF-1.7\n"), format}, "zip": {zipOf(t), format}, "bmp": {append([]byte("BM"), make([]byte, 60)...), format},
		"tiff": {append([]byte("II*\x00"), make([]byte, 60)...), format}, "ico": {append([]byte{0, 0, 1, 0, 1, 0}, make([]byte, 60)...), format},
		"avif": {[]byte("\x00\x00\x00\x1cftypavif\x00\x00\x00\x00avifmif1miaf"), format}, "mp4": {[]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), format},
		"jpeg xl": {[]byte("\xff\x0a\xfa\x1f\x01\x91\x08\x06\x01\x00"), format}, "elf": {append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 60)...), format},
		"magic only jpeg": {[]byte("\xff\xd8\xff\xe0"), damaged}, "magic only png": {[]byte("\x89PNG\r\n\x1a\n"), damaged}, "magic only gif": {[]byte("GIF89a"), damaged},
		"magic only webp": {[]byte("RIFF\x04\x00\x00\x00WEBP"), damaged},
		"11 MB":           {append(bytes.Clone(jpg), make([]byte, 11<<20)...), large},

		"png bomb": {pngClaims(50_000, 50_000, 8, 6, nil), pixels}, "png wide": {pngClaims(1<<31-1, 1, 8, 6, nil), pixels}, "png high": {pngClaims(1, 1<<31-1, 8, 6, nil), pixels},
		"png zero": {pngClaims(0, 100, 8, 6, nil), damaged}, "png just above": {pngClaims(5001, 5000, 1, 0, nil), pixels},
		"png idat bomb": {pngClaims(10, 10, 8, 0, make([]byte, 300<<20)), damaged}, "png no pixels": {pngClaims(4000, 4000, 8, 6, nil), damaged},
		"jpeg bomb": {jpegClaims(jpg, 65535, 65535), pixels}, "jpeg bigger than its data": {jpegClaims(jpg, 5000, 5000), damaged}, "jpeg no height": {jpegClaims(jpg, 160, 0), damaged},
		"gif bomb":       {patched(gifFile, "\x3c\x00\x28\x00", "\xff\xff\xff\xff"), pixels},
		"gif of a crowd": {manyFrames(600_000), complex}, "jpeg of many passes": {scans(4000, 4000, 900_000), complex}, "jpeg of passes too big": {scans(5000, 5000, 40), complex},
		"webp bomb":          {webpOf(chunk(nil, "VP8X", []byte{0, 0, 0, 0, 255, 255, 255, 255, 255, 255}), chunk(nil, "VP8L", litWebP(4, 4, color.NRGBA{}))), pixels},
		"webp frame outside": {webpOf(chunk(nil, "VP8X", []byte{0, 0, 0, 0, 1, 0, 0, 1, 0, 0}), chunk(nil, "VP8L", litWebP(9000, 9000, color.NRGBA{}))), damaged},
		"webp 16383 squared": {webpOf(chunk(nil, "VP8L", litWebP(16383, 16383, color.NRGBA{}))), pixels},
		"heic bomb":          {patched(heic, "ispe\x00\x00\x00\x00\x00\x00\x00\x80", "ispe\x00\x00\x00\x00\x00\xff\xff\xff"), pixels},
		"heic of nothing":    {patched(heic, "mdat\x00\x00\x01\x29", "mdat\xff\xff\xff\xff"), damaged},
		"heic without boxes": {heic[:28], damaged},
	}
	for name, raw := range map[string][]byte{"jpeg": jpg, "png": pngFile, "gif": gifFile, "webp": web, "heic": heic} {
		for _, part := range []int{30, 50, 90, 99} {
			if name == "webp" && part < 50 {
				continue // too short to be a WebP at all
			}
			files[name+" cut "+string(rune('0'+part/10))] = hostile{raw[:len(raw)*part/100], damaged}
		}
	}
	for i, extra := range [][]byte{
		zipOf(t), peOf(), []byte("%PDF-1.4\n%obj"), []byte("<?php system($_GET['c']); ?>"), []byte("<script>alert(1)</script>"), []byte("\n<html><body>"), []byte("#!/bin/sh\nid\n"),
		[]byte("\x7fELF\x02\x01\x01\x00\x00"), []byte("Rar!\x1a\x07\x01\x00"), []byte("MZ\x90\x00\x03"), []byte("PK\x05\x06" + strings.Repeat("\x00", 18)),
		[]byte("*/=alert(1);/*"), []byte("\x00\x00\x00<SCRIPT src=//x>"), append(make([]byte, 5000), zipOf(t)...), append([]byte("padding padding"), peOf()...),
	} {
		n := " " + string(rune('a'+i))
		files["jpeg tail"+n] = hostile{append(bytes.Clone(jpg), extra...), hidden}
		files["jpeg comment"+n] = hostile{segment(jpg, 0xfe, string(extra)), hidden}
		files["png tail"+n] = hostile{append(bytes.Clone(pngFile), extra...), hidden}
		files["png text"+n] = hostile{pngChunk(pngFile, "tEXt", "Comment\x00"+string(extra)), hidden}
		files["gif tail"+n] = hostile{append(bytes.Clone(gifFile), extra...), hidden}
		files["webp tail"+n] = hostile{append(bytes.Clone(web), extra...), hidden}
		if i < 8 && i != 6 {
			files["jpeg app"+n] = hostile{segment(jpg, 0xe5, "abcdefg"+string(extra)), hidden}
			files["heic tail"+n] = hostile{append(bytes.Clone(heic), extra...), hidden}
			files["gif comment"+n] = hostile{append(bytes.Clone(gifFile[:len(gifFile)-1]), append(append([]byte{0x21, 0xfe}, blocks(extra)...), 0x3b)...), hidden}
		}
	}
	return files
}

// blocks writes data as a GIF does.
func blocks(data []byte) (out []byte) {
	for len(data) > 0 {
		n := min(len(data), 255)
		out = append(append(out, byte(n)), data[:n]...)
		data = data[n:]
	}
	return append(out, 0)
}

// TestHostilePictures: each is refused with its own code, and fast.
func TestHostilePictures(t *testing.T) {
	files := hostileFiles(t)
	require.Greater(t, len(files), 130)
	prepared(t, sample(t, "quarters.heic"), nil) // the decoder is compiled once, which takes its time
	slowest, slow := time.Duration(0), ""
	for name, f := range files {
		var err error
		d := took(func() { _, err = PreparePicture(f.raw, nil) })
		assert.Equal(t, f.code, codeOf(err), "%s: %v", name, err)
		if d > slowest {
			slowest, slow = d, name
		}
	}
	t.Logf("%d files, slowest %v (%s)", len(files), slowest, slow)
}

// TestOrdinaryExtras: what phones and editors put into a picture is no reason to refuse it.
func TestOrdinaryExtras(t *testing.T) {
	jpg := jpegOf(t, quarters(96, 64))
	thumb := jpegOf(t, quarters(16, 12))
	xmp := "http://ns.adobe.com/xap/1.0/\x00<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description GCamera:MotionPhoto='1'/></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
	video := append([]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x10\x08mdat"), bytes.Repeat([]byte("PK<MZ\x03#!%"), 500)...)
	samsung := append([]byte("\x00\x00\x01\x0a\x0e\x00\x00\x00Image_UTC_Data1600000000000"), []byte("SEFH\x6b\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01\x0a\x23\x00\x00\x00\x23\x00\x00\x00\x18\x00\x00\x00SEFT")...)
	withThumb := "Exif\x00\x00" + exifOf(binary.BigEndian, 1) + string(thumb)
	for name, raw := range map[string][]byte{
		"exif with a thumbnail": segment(jpg, 0xe1, withThumb), "xmp": segment(jpg, 0xe1, xmp), "icc": segment(jpg, 0xe2, "ICC_PROFILE\x00\x01\x01"+strings.Repeat("\x00acspAPPL", 60)),
		"comment": segment(jpg, 0xfe, "CREATOR: gd-jpeg v1.0 (using IJG JPEG v80), quality = 90\n"), "second picture": append(bytes.Clone(jpg), thumb...),
		"motion photo": append(bytes.Clone(jpg), video...), "samsung": append(bytes.Clone(jpg), samsung...), "padding": append(bytes.Clone(jpg), make([]byte, 4096)...),
		"png text": pngChunk(pngOf(t, quarters(96, 64)), "tEXt", "Software\x00Adobe ImageReady"), "png xmp": pngChunk(pngOf(t, quarters(96, 64)), "iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmp),
		"fill bytes": append([]byte{0xff, 0xd8, 0xff, 0xff, 0xff}, jpg[3:]...), "gif comment": bytes.Replace(gifOf(t, paletted(quarters(96, 64))), []byte("\x2c\x00\x00"), []byte("\x21\xfe\x05hello\x00\x2c\x00\x00"), 1),
		"restart at the end": append(bytes.Clone(jpg[:len(jpg)-2]), 0xff, 0xd0, 0xff, 0xd9),
	} {
		p, err := PreparePicture(raw, nil)
		if assert.NoError(t, err, name) {
			assert.Equal(t, "rgbw", seenQuarters(t, p), name)
		}
	}
}

func TestCheckLabel(t *testing.T) {
	jpg, heic := jpegOf(t, quarters(8, 8)), sample(t, "quarters.heic")
	for _, ok := range []string{"", "image/jpeg", "image/jpg", "image/pjpeg", "IMAGE/JPEG; q=1", "application/octet-stream"} {
		assert.NoError(t, checkLabel(jpg, ok), ok)
	}
	assert.NoError(t, checkLabel(heic, "image/heif"))
	assert.NoError(t, checkLabel(pngOf(t, quarters(8, 8)), "image/png"))
	for _, bad := range []string{"image/png", "image/gif", "image/webp", "image/heic", "text/html", "application/pdf", "image/svg+xml", "garbage;;", "application/zip"} {
		assert.ErrorIs(t, checkLabel(jpg, bad), errPictureMislabeled, bad)
	}
	assert.ErrorIs(t, checkLabel([]byte("BM....."), "image/bmp"), errPictureFormat)
}

// FuzzPreparePicture: whatever comes, there is a picture within the limits or a refusal with a code of its own.
func FuzzPreparePicture(f *testing.F) {
	for _, h := range hostileFiles(f) {
		if len(h.raw) < 20_000 {
			f.Add(h.raw)
		}
	}
	f.Add(jpegOf(f, quarters(40, 30)))
	f.Add(sample(f, "quarters.heic"))
	f.Add(gifOf(f, paletted(image.NewRGBA(image.Rect(0, 0, 9, 9)))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := PreparePicture(raw, nil)
		if err != nil {
			if code := codeOf(err); !strings.HasPrefix(code, "IMAGE_") {
				t.Fatal(err)
			}
			return
		}
		if len(p.Data) > PictureBytes || max(p.Width, p.Height) > PictureSide || p.Width < 1 || p.Height < 1 {
			t.Fatal("beyond the limits")
		}
	})
}
