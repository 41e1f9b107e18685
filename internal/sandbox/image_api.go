package sandbox

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

func imageAPIs() []api {
	return []api{
		{ns: nsCross, name: "product.image.upload", required: []string{"uploadImageParam"}, envelope: envImage("S0000", "success"), handle: (*Server).imageUpload},
		{ns: nsCross, name: "product.search.imageQuery", required: []string{"offerQueryParam"}, envelope: envImage("200", "ok"), handle: (*Server).imageQuery},
	}
}

// envImage is envelope A with success as text.
func envImage(code, message string) envelope {
	wrap := func(ok, code, message string, payload any) any {
		return obj{"result": obj{"success": ok, "code": code, "message": message, "result": payload}}
	}
	return envelope{
		good: func(p any) any { return wrap("true", code, message, p) },
		bad:  func(r *refusal) any { return wrap("false", r.code, r.message, r.payload) },
	}
}

// imageUpload keeps what the search needs of a picture and answers its id.
func (s *Server) imageUpload(c *call) (any, *refusal) {
	var p struct {
		Base64 string `json:"imageBase64"`
		Member text   `json:"outMemberId"`
	}
	if ref := c.decode("uploadImageParam", &p); ref != nil {
		return nil, ref
	}
	if strings.TrimSpace(p.Base64) == "" {
		return nil, refuse("PARAM_ERROR", "imageBase64 is required")
	}
	img, raw, ref := unpack(p.Base64)
	if ref != nil {
		return nil, ref
	}
	s.sights() // whoever uploads is about to search
	u := &upload{W: img.Bounds().Dx(), H: img.Bounds().Dy(), Thumb: takePhoto(img).keepsake()}
	s.mu.Lock()
	defer s.mu.Unlock()
	u.ID, u.At = imageNumber(s.seed, raw), s.now()
	s.keepUpload(u)
	s.dirty.Uploads = append(s.dirty.Uploads, u)
	s.commit()
	c.note = append(c.note, "image "+u.ID)
	return u.ID, nil
}

// imageQuestion is offerQueryParam of the picture search.
type imageQuestion struct {
	offerQuery
	Image   text   `json:"imageId"`
	Address string `json:"imageAddress"`
	Region  string `json:"region"`
	Words   string `json:"auxiliaryText"`
	Title   string `json:"itemTitle"`
}

// imageQuery ranks products by how much their pictures look like the one in question. Nothing but what can be seen counts, unless the
// caller adds words.
func (s *Server) imageQuery(c *call) (any, *refusal) {
	var q imageQuestion
	if ref := c.decode("offerQueryParam", &q); ref != nil {
		return nil, ref
	}
	q.only = func(*offer) bool { return true } // words are optional here
	if ref := q.check(); ref != nil {
		return nil, ref
	}
	keep, ref := q.predicate()
	if ref != nil {
		return nil, ref
	}
	pic, ref := s.pictureOf(&q)
	if ref != nil {
		return nil, ref
	}
	x := s.sights()
	seen, ref := s.seen(x, pic, q.Region)
	if ref != nil {
		return nil, ref
	}
	ids := slices.DeleteFunc(x.cat.favour(seen.offers, q.Words+" "+q.Title), func(i int32) bool { return !keep(&x.cat.offers[i]) })
	ids = x.cat.within(ids, q.Keyword)
	page := slices.Clone(window(ids, q.page, q.size))
	if ref := x.cat.order(page, q.Sort); ref != nil { // inside the page: likeness decides who is on it
		return nil, ref
	}
	lang, data := language(q.Country), []any{}
	for _, i := range page {
		data = append(data, x.cat.imageHit(&x.cat.offers[i], lang, c.base))
	}
	total := int64(min(len(ids), maxReach))
	return obj{
		"totalRecords": total, "totalPage": (total + q.size - 1) / q.size, "pageSize": q.size, "currentPage": q.page, "data": data,
		"picRegionInfo": obj{"currentRegion": seen.region, "yoloCropRegion": strings.Join(seen.boxes, ";")},
	}, nil
}

// subject is the picture in question.
type subject struct {
	key   string
	w, h  int // as the caller knows it
	photo func() *photo
}

// pictureOf finds the picture by id, or by the address of one of our own. Nothing is ever fetched.
func (s *Server) pictureOf(q *imageQuestion) (*subject, *refusal) {
	if q.Image != "" {
		s.mu.Lock()
		defer s.mu.Unlock()
		u := s.uploads[string(q.Image)]
		switch {
		case u == nil:
			return nil, refuse("IMAGE_NOT_EXIST", "imageId is unknown")
		case s.now().Sub(u.At) > imageLife:
			return nil, refuse("IMAGE_EXPIRED", "imageId has expired, upload the picture again")
		}
		return &subject{u.ID, u.W, u.H, u.photo}, nil
	}
	if q.Address == "" {
		return nil, refuse("PARAM_ERROR", "imageId is required")
	}
	at, err := url.Parse(strings.TrimSpace(q.Address))
	if err == nil {
		if part := strings.Split(at.Path, "/"); len(part) == 4 && part[1] == "img" {
			if p, ok := s.cat.Load().picture(part[2], part[3]); ok {
				return &subject{fmt.Sprintf("%d/%d/%d", p.offer.id, p.n, p.size), p.size, p.size, p.photo}, nil
			}
		}
	}
	return nil, refuse("IMAGE_DOWNLOAD_TIMEOUT", "imageAddress could not be loaded in time, upload the picture instead")
}

func (p *pictureRequest) photo() *photo {
	c := newCanvas(thumbSide)
	c.render(p.offer, p.n, affine{thumbSide, 0, 0, 0, thumbSide, 0})
	return takePhoto(c.image())
}

// seen is what the search made of a picture.
type seen struct {
	offers []int32 // best first
	region string
	boxes  []string
}

// seenCache keeps the newest rankings: further pages send the same picture again.
type seenCache struct {
	mu sync.Mutex
	m  map[string]*seen
}

const seenCacheSize = 256

func (s *Server) seen(x *sights, pic *subject, region string) (*seen, *refusal) {
	key := fmt.Sprintf("%d|%s|%s", x.cat.seed, pic.key, region)
	s.ranked.mu.Lock()
	got := s.ranked.m[key]
	s.ranked.mu.Unlock()
	if got != nil {
		return got, nil
	}
	p := pic.photo()
	sx, sy := float64(pic.w)/float64(p.w), float64(pic.h)/float64(p.h)
	write := func(b box) string {
		return fmt.Sprintf("%d,%d,%d,%d", int(b.x0*sx+0.5), int(b.x1*sx+0.5), int(b.y0*sy+0.5), int(b.y1*sy+0.5))
	}
	got = &seen{}
	boxes := p.boxes()
	used := box{0, 0, float64(p.w), float64(p.h)}
	if strings.TrimSpace(region) != "" {
		b, ok := parseRegion(region, float64(pic.w), float64(pic.h))
		if !ok {
			return nil, refuse("PARAM_ERROR", "region is x1,x2,y1,y2 in pixels of the picture")
		}
		used = box{b.x0 / sx, b.y0 / sy, b.x1 / sx, b.y1 / sy}
		p = p.cut(int(used.x0), int(used.y0), max(int(math.Ceil(used.x1)), int(used.x0)+1), max(int(math.Ceil(used.y1)), int(used.y0)+1))
	} else if len(boxes) > 0 {
		used = boxes[0]
	}
	look := x.look(p)
	if look == nil {
		return nil, refuse("SYSTEM_ERROR", "the platform is shutting down")
	}
	got.offers, got.region = look.offers, write(used)
	for _, b := range boxes {
		got.boxes = append(got.boxes, write(b))
	}
	s.ranked.mu.Lock()
	defer s.ranked.mu.Unlock()
	if len(s.ranked.m) >= seenCacheSize || s.ranked.m == nil {
		s.ranked.m = map[string]*seen{}
	}
	s.ranked.m[key] = got
	return got, nil
}

type box struct{ x0, y0, x1, y1 float64 }

// parseRegion reads x1,x2,y1,y2 and clips it to the picture.
func parseRegion(text string, w, h float64) (box, bool) {
	f := strings.Split(text, ",")
	if len(f) != 4 {
		return box{}, false
	}
	var n [4]float64
	for i := range f {
		v, err := strconv.ParseFloat(strings.TrimSpace(f[i]), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return box{}, false
		}
		n[i] = v
	}
	b := box{max(n[0], 0), max(n[2], 0), min(n[1], w), min(n[3], h)}
	return b, b.x1-b.x0 >= 1 && b.y1-b.y0 >= 1
}

// favour moves those that fit the caller's words up, but never above the picture's own best match.
func (c *catalogue) favour(ids []int32, words string) []int32 {
	out := slices.Clone(ids)
	if strings.TrimSpace(words) == "" || len(ids) < 2 {
		return out
	}
	fits := c.marked(words)
	slices.SortStableFunc(out[1:], func(a, b int32) int {
		switch {
		case fits[a] == fits[b]:
			return 0
		case fits[a]:
			return -1
		}
		return 1
	})
	return out
}

// within keeps those that a keyword search finds too.
func (c *catalogue) within(ids []int32, keyword string) []int32 {
	if strings.TrimSpace(keyword) == "" {
		return ids
	}
	fits := c.marked(keyword)
	return slices.DeleteFunc(ids, func(i int32) bool { return !fits[i] })
}

func (c *catalogue) marked(keyword string) []bool {
	out := make([]bool, len(c.offers))
	for _, i := range c.hits(keyword) {
		out[i] = true
	}
	return out
}

// imageHit is a search hit with what only the picture search tells.
func (c *catalogue) imageHit(o *offer, lang, base string) obj {
	h, s := c.hit(o, lang, base), c.seller(o.seller)
	delete(h, "aigcImageUrl")
	delete(h, "whiteImage")
	services := []string{}
	for _, v := range [][2]string{{"noReason7DReturn", "7天无理由退货"}, {"shipIn24Hours", "24小时发货"}, {"shipIn48Hours", "48小时发货"}, {"isOnePsale", "一件代发"}} {
		if o.has(v[0]) {
			services = append(services, v[1])
		}
	}
	h["companyName"], h["companyAddress"] = s.company, s.province+s.city
	h["offerDataInfo"] = obj{
		"offerApplauseRate": percent(90 + int64(o.h>>7%10)), "kjFeaturedServices": strings.Join(services, ";"), "qualityRfdRate30d": "0." + itoa(int64(o.h>>9%90+10)) + "%",
		"repurchaseRate30d": percent(int64(o.repurchase)), "pickupRate24h30d": percent(s.collect24),
	}
	return h
}
