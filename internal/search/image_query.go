package search

import (
	"context"
	"math"
	"strconv"
	"strings"

	"entrepot/internal/errs"
)

// maxImageAddress bounds an address that is passed on, in bytes.
const maxImageAddress = 1000

// normalise checks a search by picture and brings it into the spelling that is sent. Problems carry a pointer.
// known are the filters that the site offers.
func (p *pictureDesk) normalise(ctx context.Context, q ImageSearch, known func(choiceKey string) bool) (ImageSearch, error) {
	var err error
	q.Query, err = q.tidyWith(known)
	bad := errs.New(errs.Invalid, "request.invalid")
	if err != nil {
		bad = errs.From(err)
	}
	switch {
	case q.ImageID == "" && q.ImageAddress == "":
		bad.At("/query/imageId", "image.id_or_address")
	case q.ImageID != "" && q.ImageAddress != "":
		bad.At("/query/imageAddress", "image.id_or_address")
	case q.ImageAddress != "" && !p.allowed(q.ImageAddress):
		bad.At("/query/imageAddress", "image.address_not_allowed")
	}
	if q.Region != "" {
		var key string
		if q.Region, key = p.pixels(ctx, q); key != "" {
			bad.At("/query/region", key)
		}
	}
	if len(bad.Fields) > 0 {
		return q, bad
	}
	return q, nil
}

// allowed accepts exactly https://host/path on an allowed host, in letters that every reader of URLs understands alike:
// no user, port, fragment, escape, backslash or dots to climb with. Nothing of ours fetches it, and 1688 must not be made
// to fetch what we would not. The embedded sandbox's own pictures are allowed by their origin.
func (p *pictureDesk) allowed(address string) bool {
	if len(address) > maxImageAddress {
		return false
	}
	if rest, ok := strings.CutPrefix(address, p.origin+"/img/"); ok && p.origin != "" {
		return plainPath(rest, "")
	}
	rest, ok := strings.CutPrefix(address, "https://")
	if !ok {
		return false
	}
	host, path, ok := strings.Cut(rest, "/")
	return ok && p.hosts[host] && path != "" && plainPath(path, "?=&!,+~")
}

// plainPath allows letters, digits, "._-/" and more; no ".." and no empty part.
func plainPath(path, more string) bool {
	for i := range len(path) {
		c := path[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("._-/"+more, c) >= 0:
		default:
			return false
		}
	}
	return path != "" && path[0] != '/' && !strings.Contains(path, "..") && !strings.Contains(path, "//")
}

// pixels brings a region into 1688's form, x1,x2,y1,y2 in whole pixels. Fractions (nothing above 1) are x1,y1,x2,y2, as
// POST /v1/images takes them, of a picture that was uploaded lately. key says what is wrong.
func (p *pictureDesk) pixels(ctx context.Context, q ImageSearch) (region, key string) {
	parts := strings.Split(q.Region, ",")
	if len(parts) != 4 {
		return "", "image.region_invalid"
	}
	var v [4]float64
	fractions := true
	for i := range parts {
		n, err := strconv.ParseFloat(strings.TrimSpace(parts[i]), 64)
		if err != nil || math.IsNaN(n) || n < 0 || n > 1<<20 {
			return "", "image.region_invalid"
		}
		fractions = fractions && n <= 1
		v[i] = n
	}
	u, known := upload{}, false
	if q.ImageID != "" {
		u, known = p.read(ctx, "id:"+q.ImageID)
	}
	if fractions {
		box := Box{v[0], v[1], v[2], v[3]}
		if !box.valid() {
			return "", "image.region_invalid"
		}
		if !known {
			return "", "image.size_unknown"
		}
		w, h := float64(u.Width), float64(u.Height)
		v = [4]float64{box.X1 * w, box.X2 * w, box.Y1 * h, box.Y2 * h}
	}
	x1, x2, y1, y2 := int(v[0]), int(math.Ceil(v[1])), int(v[2]), int(math.Ceil(v[3]))
	if x1 >= x2 || y1 >= y2 || known && (x1 >= u.Width || y1 >= u.Height) {
		return "", "image.region_invalid"
	}
	if known {
		x2, y2 = min(x2, u.Width), min(y2, u.Height)
	}
	return strconv.Itoa(x1) + "," + strconv.Itoa(x2) + "," + strconv.Itoa(y1) + "," + strconv.Itoa(y2), ""
}
