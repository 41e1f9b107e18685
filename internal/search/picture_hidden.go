package search

import "bytes"

// What else a file may be at the same time. A picture is encoded anew before it goes anywhere, so none of this would
// survive; who sends it is refused all the same.

// signatures are long enough not to turn up in a photograph's data by chance.
var signatures = []struct {
	magic []byte
	sure  func(rest []byte) bool // looks at what follows the magic
}{
	{[]byte("PK\x03\x04"), isZIP}, {[]byte("PK\x05\x06\x00\x00\x00\x00"), nil}, {[]byte("%PDF-"), func(r []byte) bool { return len(r) > 0 && r[0] >= '0' && r[0] <= '9' }},
	{[]byte("\x7fELF"), func(r []byte) bool {
		return len(r) > 2 && (r[0] == 1 || r[0] == 2) && (r[1] == 1 || r[1] == 2) && r[2] == 1
	}},
	{[]byte("MZ"), isPE}, {[]byte("Rar!\x1a\x07"), nil}, {[]byte("7z\xbc\xaf\x27\x1c"), nil}, {[]byte("\xfd7zXZ\x00"), nil},
	{[]byte("#!/bin/"), nil}, {[]byte("#!/usr/"), nil}, {[]byte("dex\n03"), nil}, {[]byte("{\\rtf1"), nil}, {[]byte("%!PS-Adobe"), nil},
	{[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), nil}, {[]byte("javascript:"), nil}, {[]byte("eval(base64_decode"), nil},
}

// beginnings are what a comment, or what lies behind a picture, must not begin with; too short to be looked for elsewhere.
var beginnings = [][]byte{
	[]byte("PK\x03\x04"), []byte("PK\x05\x06"), []byte("PK\x01\x02"), []byte("MZ"), []byte("\x7fELF"), []byte("%PDF"), []byte("%!"), []byte("#!"),
	[]byte("Rar!"), []byte("7z\xbc\xaf"), []byte("\x1f\x8b\x08"), []byte("BZh"), []byte("\xca\xfe\xba\xbe"), []byte("\xfe\xed\xfa"), []byte("\xcf\xfa\xed\xfe"),
	[]byte("*/"), []byte("<?="), []byte("<%"), []byte("//"), []byte("!<arch>"), []byte("GIF8"), []byte("\x00asm"), []byte("ustar"),
}

// markup are markup that browsers or servers act on.
var markup = [][]byte{
	[]byte("script"), []byte("?php"), []byte("html"), []byte("!doctype html"), []byte("body"), []byte("iframe"), []byte("svg"), []byte("object"),
	[]byte("embed"), []byte("jsp:"), []byte("img"), []byte("form"), []byte("meta http-equiv"), []byte("%@"),
}

// hides reports whether region holds a program, an archive, a document or markup. front says that such a thing would
// be read from the region's first byte (comments, what lies behind the picture), where short marks count too.
func hides(region []byte, front bool) bool {
	if len(region) == 0 {
		return false
	}
	if start := bytes.TrimLeft(region, "\x00\t\r\n "); front && (begins(start) || len(start) > 0 && start[0] == '<' && isTag(start[1:])) {
		return true
	}
	for i := range signatures {
		s := &signatures[i]
		for rest := region; ; {
			n := bytes.Index(rest, s.magic)
			if n < 0 {
				break
			}
			rest = rest[n+len(s.magic):]
			if s.sure == nil || s.sure(rest) {
				return true
			}
		}
	}
	for rest := region; ; {
		n := bytes.IndexByte(rest, '<')
		if n < 0 {
			return false
		}
		if rest = rest[n+1:]; isTag(rest) {
			return true
		}
	}
}

func begins(start []byte) bool {
	for _, b := range beginnings {
		if bytes.HasPrefix(start, b) {
			return true
		}
	}
	return false
}

// isTag knows markup behind its "<": the name, then something that ends a name.
func isTag(rest []byte) bool {
	if len(rest) == 0 || rest[0] != '?' && rest[0] != '!' && rest[0] != '%' && rest[0]|0x20 < 'a' {
		return false
	}
	for _, tag := range markup {
		if len(rest) > len(tag) && bytes.EqualFold(rest[:len(tag)], tag) && bytes.IndexByte([]byte(" \t\r\n/>?=\x00"), rest[len(tag)]) >= 0 {
			return true
		}
	}
	return false
}

// isZIP checks a local file header behind its magic: a version below 10 and a compression method that exists.
func isZIP(r []byte) bool {
	return len(r) >= 22 && r[0] < 100 && r[1] < 20 && (r[4] <= 19 || r[4] >= 93 && r[4] <= 99) && r[5] == 0
}

// isPE follows a DOS header to the PE header behind it.
func isPE(r []byte) bool {
	const field = 0x3c - 2
	if len(r) < field+4 {
		return false
	}
	at := int(r[field]) | int(r[field+1])<<8 | int(r[field+2])<<16
	return r[field+3] == 0 && at >= 0x40 && at+2 <= len(r) && bytes.HasPrefix(r[at-2:], []byte("PE\x00\x00"))
}
