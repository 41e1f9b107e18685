package search

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"entrepot/internal/alibaba"
	"entrepot/internal/auth"
	"entrepot/internal/errs"
	"entrepot/internal/site"
	"entrepot/internal/web"

	"github.com/maypok86/otter/v2"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

// How pictures share the machine, and how long an upload is remembered.
const (
	picturesAtOnce = 2                // being unpacked
	pictureWait    = 10 * time.Second // for a place among them
	pictureLimit   = time.Minute      // preparing and uploading one
	bodiesAtOnce   = 192 << 20        // bytes of pictures in all requests together
	// uploadsKept is how long the same picture is not sent to 1688 again. How long an imageId lives there is not
	// documented; "for the session" is what integrators say.
	uploadsKept     = 30 * time.Minute
	uploadsKeptHere = 2 * time.Minute // in this process, when Redis has the longer memory: another one may have forgotten it
	redisPatience   = 200 * time.Millisecond
)

// DefaultImageHosts are 1688's own picture hosts, the only ones imageAddress may name unless configured otherwise.
var DefaultImageHosts = []string{"cbu01.alicdn.com", "img.alicdn.com", "gw.alicdn.com", "global-img-cdn.1688.com"}

var (
	errPicturesBusy = errs.New(errs.Unavailable, "image.busy").After(5 * time.Second)
	errImageUnknown = errs.New(errs.NotFound, "image.unknown").At("/query/imageId", "image.unknown")
)

// pictureDesk is the part of the service that handles pictures.
type pictureDesk struct {
	hosts   map[string]bool
	origin  string // of the embedded sandbox, "" = none
	slots   *semaphore.Weighted
	heics   *semaphore.Weighted // HEICs, one at a time: how long their decoder takes can only be guessed
	bodies  *semaphore.Weighted
	flight  singleflight.Group
	known   *otter.Cache[string, upload]
	redis   redis.UniversalClient
	prefix  string
	sweeper sweeper
}

// upload is what is remembered under one of three names: the bytes that came (Of names the bytes that went), the bytes
// that went (all but Of), and the imageId (Of names the bytes that went).
type upload struct {
	ID     string `json:"id,omitempty"`
	Width  int    `json:"w,omitempty"`
	Height int    `json:"h,omitempty"`
	Of     string `json:"of,omitempty"`
}

func newPictures(o Options) *pictureDesk {
	hosts, kept := o.ImageHosts, uploadsKept
	if hosts == nil {
		hosts = DefaultImageHosts
	}
	if o.Redis != nil {
		kept = uploadsKeptHere
	}
	p := &pictureDesk{
		hosts: map[string]bool{}, origin: o.ImageOrigin, slots: semaphore.NewWeighted(picturesAtOnce), heics: semaphore.NewWeighted(1), bodies: semaphore.NewWeighted(bodiesAtOnce),
		known: otter.Must(&otter.Options[string, upload]{MaximumSize: 20_000, ExpiryCalculator: otter.ExpiryWriting[string, upload](kept)}),
		redis: o.Redis, prefix: "search:image:",
	}
	for _, h := range hosts {
		p.hosts[h] = true
	}
	return p
}

func (p *pictureDesk) close() {
	p.known.StopAllGoroutines()
	p.sweeper.close()
}

// UploadImage prepares a picture and hands it to 1688, unless it has lately. box is the part to search by, nil = all;
// declared is what the sender calls it, "" = nothing. Errors: image.* (see PreparePicture), unavailable.
func (s *Service) UploadImage(ctx context.Context, raw []byte, declared string, box *Box) (Image, error) {
	if err := checkLabel(raw, declared); err != nil {
		return Image{}, err
	}
	p := s.pictures
	key := pictureKey("raw", raw, fmt.Sprint(box.orWhole()))
	if u, ok := p.find(ctx, key); ok {
		return u.view(), nil
	}
	member, _ := auth.Member(ctx)
	ch := p.flight.DoChan(key, func() (any, error) {
		// Several may be waiting for the same picture: the first one's hang-up must not end it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(web.Context(ctx)), pictureLimit)
		defer cancel()
		return s.upload(ctx, key, raw, box, member.OutMemberID)
	})
	select {
	case r := <-ch:
		if r.Err != nil {
			return Image{}, r.Err
		}
		return r.Val.(upload).view(), nil
	case <-ctx.Done():
		return Image{}, ctx.Err()
	}
}

func (b *Box) orWhole() Box {
	if b == nil {
		return Box{0, 0, 1, 1}
	}
	return *b
}

func (u upload) view() Image { return Image{ImageId: u.ID, Width: u.Width, Height: u.Height} }

// upload prepares the picture and sends it, once for all pictures that come out the same.
func (s *Service) upload(ctx context.Context, key string, raw []byte, box *Box, outMemberID string) (upload, error) {
	p := s.pictures
	picture, err := p.prepare(ctx, raw, box)
	if err != nil {
		return upload{}, err
	}
	ready := pictureKey("ready", picture.Data, "")
	if u, ok := p.find(ctx, ready); ok {
		p.keep(ctx, key, upload{Of: ready})
		return u, nil
	}
	v, err, _ := p.flight.Do(ready, func() (any, error) {
		id, err := s.client.ImageUpload(ctx, picture.Data, outMemberID)
		if alibaba.ClassOf(err) == alibaba.Rejected {
			return upload{}, errs.New(errs.Rule, "image.refused").Because(err)
		}
		if err != nil {
			return upload{}, FromUpstream(err)
		}
		u := upload{ID: id, Width: picture.Width, Height: picture.Height}
		p.keep(ctx, ready, u)
		p.keep(ctx, "id:"+id, upload{ID: id, Width: u.Width, Height: u.Height, Of: ready})
		return u, nil
	})
	if err != nil {
		return upload{}, err
	}
	p.keep(ctx, key, upload{Of: ready})
	return v.(upload), nil
}

// prepare is prepareExact with its turn: few at once, and memory goes back when it is over. A picture that needs much
// memory takes all places.
func (p *pictureDesk) prepare(ctx context.Context, raw []byte, box *Box) (Picture, error) {
	defer p.sweeper.spent(3 * len(raw))
	h, err := inspectPicture(raw)
	if err != nil {
		return Picture{}, err
	}
	if box != nil && !box.valid() {
		return Picture{}, errPictureBox
	}
	places := int64(1)
	if h.heavy && h.kind != kindHEIC && h.w*h.h > MaxPicturePixels/3 {
		places = picturesAtOnce
	}
	wait, cancel := context.WithTimeout(ctx, pictureWait)
	defer cancel()
	if h.kind == kindHEIC {
		if err := p.heics.Acquire(wait, 1); err != nil {
			return Picture{}, errPicturesBusy
		}
		defer p.heics.Release(1)
	}
	if err := p.slots.Acquire(wait, places); err != nil {
		return Picture{}, errPicturesBusy
	}
	defer p.sweeper.spent(4 * h.w * h.h)
	defer p.slots.Release(places)
	return h.prepareExact(raw, box)
}

func pictureKey(kind string, data []byte, more string) string {
	h := sha256.New()
	_, _ = h.Write(data)
	_, _ = h.Write([]byte(more))
	return kind + ":" + hex.EncodeToString(h.Sum(nil)[:20])
}

// find follows a name to an upload that is remembered, here or in Redis.
func (p *pictureDesk) find(ctx context.Context, key string) (upload, bool) {
	for range 2 {
		u, ok := p.read(ctx, key)
		if !ok {
			return upload{}, false
		}
		if u.ID != "" {
			return u, true
		}
		key = u.Of
	}
	return upload{}, false
}

func (p *pictureDesk) read(ctx context.Context, key string) (u upload, ok bool) {
	if u, ok = p.known.GetIfPresent(key); ok || p.redis == nil {
		return u, ok
	}
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	raw, err := p.redis.Get(ctx, p.prefix+key).Bytes()
	if err != nil || json.Unmarshal(raw, &u) != nil || u == (upload{}) {
		return upload{}, false // not there, or Redis is away: the picture is sent again
	}
	p.known.Set(key, u)
	return u, true
}

func (p *pictureDesk) keep(ctx context.Context, key string, u upload) {
	p.known.Set(key, u)
	if p.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisPatience)
	defer cancel()
	raw, _ := json.Marshal(u)                            // texts and numbers
	_ = p.redis.Set(ctx, p.prefix+key, raw, uploadsKept) // without Redis it is forgotten sooner
}

// forget makes the next upload of the same picture a real one: 1688 does not know the id any more.
func (p *pictureDesk) forget(ctx context.Context, imageID string) {
	keys := []string{"id:" + imageID}
	if u, ok := p.read(ctx, keys[0]); ok && u.Of != "" {
		keys = append(keys, u.Of)
	}
	for _, k := range keys {
		p.known.Invalidate(k)
	}
	if p.redis == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisPatience)
	defer cancel()
	for i := range keys {
		_ = p.redis.Del(ctx, p.prefix+keys[i]) // one by one: a cluster keeps them in different places
	}
}

// sweeper gives memory back to the system once pictures have used much of it and none is being worked on any more; the
// runtime itself would keep it for minutes.
type sweeper struct {
	mu     sync.Mutex
	bytes  int
	timer  *time.Timer
	closed bool
}

const (
	sweepAfter = 32 << 20
	sweepQuiet = 250 * time.Millisecond
)

func (w *sweeper) spent(bytes int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.bytes += bytes; w.bytes < sweepAfter || w.closed {
		return
	}
	if w.timer == nil {
		w.timer = time.AfterFunc(sweepQuiet, w.sweep)
		return
	}
	w.timer.Reset(sweepQuiet) // again and again while pictures come: once, when they have stopped coming
}

func (w *sweeper) sweep() {
	w.mu.Lock()
	due := !w.closed && w.bytes >= sweepAfter
	w.bytes = 0
	w.mu.Unlock()
	if due {
		debug.FreeOSMemory()
	}
}

func (w *sweeper) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed = true; w.timer != nil {
		w.timer.Stop()
	}
}

// ImageSearch is one search by picture: Query's words and limits inside what looks like the picture.
type ImageSearch struct {
	Query
	ImageID      string // from UploadImage; or
	ImageAddress string // a picture on one of 1688's hosts
	Region       string // x1,x2,y1,y2 in pixels, or x1,y1,x2,y2 in 0..1 when the picture's size is known; "" = 1688 chooses
}

// SearchImage answers one page of what looks like a picture, as final bytes. Errors: invalid with pointers, not_found
// when 1688 does not know the picture (any more), unavailable.
func (s *Service) SearchImage(ctx context.Context, st *site.Site, lang string, q ImageSearch) (*web.Cached, error) {
	q, err := s.pictures.normalise(ctx, q, s.filtersOf(st))
	if err != nil {
		return nil, err
	}
	switch b := s.blocks(st); {
	case b.category(q.CategoryID):
		return nil, blocked("/query/categoryId")
	case b.text(q.Keyword):
		return nil, blocked("/query/keyword")
	}
	return s.ask(ctx, question{&kindImage, st, lang, q.key()}, func(ctx context.Context) (any, []int64, error) {
		return s.loadImage(ctx, st, lang, q)
	})
}

func (q ImageSearch) key() string {
	return q.ImageID + "|" + q.ImageAddress + "|" + q.Region + "|" + q.Query.key()
}

func (s *Service) loadImage(ctx context.Context, st *site.Site, lang string, q ImageSearch) (any, []int64, error) {
	if (q.Page-1)*q.PageSize >= maxHits { // beyond what 1688 ever shows
		return ImageSearchPage{Items: []Hit{}, CurrentPage: q.Page, PageSize: q.PageSize}, nil, nil
	}
	member, _ := auth.Member(ctx)
	page, err := s.client.ImageQuery(ctx, alibaba.ImageQuery{
		ImageID: q.ImageID, ImageAddress: q.ImageAddress, Region: q.Region, Keyword: q.Keyword, BeginPage: q.Page, PageSize: q.PageSize,
		Country: lang, CountryName: st.CountryName, CategoryID: q.CategoryID, Filter: q.Filter, Sort: q.Sort,
		PriceStart: q.PriceStart, PriceEnd: q.PriceEnd, OutMemberID: member.OutMemberID,
	})
	if err != nil {
		return nil, nil, s.imageRefused(ctx, q, err)
	}
	if q.ImageID != "" && q.Page == 1 && page.TotalRecords == 0 {
		s.pictures.forget(ctx, q.ImageID) // 1688 may have lost it without saying so: the next upload is a real one
	}
	v, err := s.viewer(st, s.TranslatedInto(st, lang))
	if err != nil {
		return nil, nil, err
	}
	plain, offers := v.page(q.Query, &page.SearchPage)
	view := ImageSearchPage{
		Items: plain.Items, TotalRecords: plain.TotalRecords, TotalPage: plain.TotalPage, CurrentPage: plain.CurrentPage, PageSize: plain.PageSize,
		Region: optional(string(page.Region.CurrentRegion)),
	}
	if boxes := regions(string(page.Region.YoloCropRegion)); len(boxes) > 0 {
		view.Regions = &boxes
	}
	return view, offers, nil
}

// regions splits 1688's list of boxes.
func regions(list string) (out []string) {
	for box := range strings.SplitSeq(list, ";") {
		if box = strings.TrimSpace(box); box != "" {
			out = append(out, box)
		}
	}
	return out
}

// imageRefused says whether the picture is to blame. The documents list no codes, so one that speaks of the image is
// taken at its word; an id that 1688 refuses is forgotten.
func (s *Service) imageRefused(ctx context.Context, q ImageSearch, err error) error {
	var e *alibaba.Error
	if !errors.As(err, &e) || e.Class != alibaba.Rejected {
		return FromUpstream(err)
	}
	said := strings.ToLower(e.Code + " " + e.Message)
	switch {
	case q.Region != "" && strings.Contains(said, "region"):
		return errs.New(errs.Invalid, "request.invalid").At("/query/region", "image.region_invalid").Because(err)
	case q.ImageAddress != "" && strings.Contains(said, "image"):
		return errs.New(errs.Rule, "image.address_unreadable").At("/query/imageAddress", "image.address_unreadable").Because(err)
	case q.ImageID != "" && strings.Contains(said, "image"):
		s.pictures.forget(ctx, q.ImageID)
		return errs.New(errImageUnknown.Code, errImageUnknown.Key).At("/query/imageId", errImageUnknown.Key).Because(err)
	}
	return FromUpstream(err)
}
