package search

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"entrepot/internal/alibaba"
	"entrepot/internal/sandbox"
)

const (
	uploadAPI = "product.image.upload"
	imageAPI  = "product.search.imageQuery"
)

// shop is the whole route: what a storefront talks to.
type shop struct {
	*fixture
	routes http.Handler
}

// newShop sells little: each product has many pictures to be indexed.
func newShop(t testing.TB) *shop {
	if raceEnabled {
		return newShopOf(t, 50)
	}
	return newShopOf(t, 400)
}

func newShopOf(t testing.TB, offers int) *shop {
	c := &clock{t: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	srv, err := sandbox.New(sandbox.Options{Now: c.now, Offers: offers})
	require.NoError(t, err)
	ts := httptest.NewServer(srv.Handler())
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		ts.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	f := withGateway(t, c, ts.URL)
	f.pictures.origin = f.url
	return &shop{f, f.routed(io.Discard)}
}

// answer is what came back.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
	Code   string
	Errors []struct{ Pointer, Code string }
}

func (a answer) pointer() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Pointer
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	require.Less(t, a.Status, 300, string(a.Body))
	require.NoError(t, json.Unmarshal(a.Body, v))
}

func (s *shop) ask(method, target, kind string, body []byte) answer {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, target, bytes.NewReader(body))
	r.Header.Set("X-Site-Key", "key-jp")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	w := httptest.NewRecorder()
	s.routes.ServeHTTP(w, r)
	a := answer{Status: w.Code, Header: w.Header(), Body: w.Body.Bytes()}
	if w.Code >= 400 {
		assert.NoError(s.t, json.Unmarshal(a.Body, &a), string(a.Body))
	}
	return a
}

// part is one part of a form.
type part struct{ name, file, kind, body string }

func form(parts ...part) (kind string, body []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range parts {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", fmt.Sprintf("form-data; name=%q", p.name))
		if p.file != "" {
			h.Set("Content-Disposition", fmt.Sprintf("form-data; name=%q; filename=%q", p.name, p.file))
		}
		if p.kind != "" {
			h.Set("Content-Type", p.kind)
		}
		to, _ := w.CreatePart(h) // a buffer takes everything
		_, _ = io.WriteString(to, p.body)
	}
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

func (s *shop) send(parts ...part) answer {
	s.t.Helper()
	kind, body := form(parts...)
	return s.ask("POST", "/v1/images", kind, body)
}

func (s *shop) sendJSON(v any) answer {
	s.t.Helper()
	body, err := json.Marshal(v)
	require.NoError(s.t, err)
	return s.ask("POST", "/v1/images", "application/json", body)
}

func picturePart(raw []byte) part { return part{"image", "p.jpg", "image/jpeg", string(raw)} }

func (s *shop) upload(raw []byte) Image {
	s.t.Helper()
	var img Image
	s.send(part{"image", "photo", "application/octet-stream", string(raw)}).into(s.t, &img)
	return img
}

func (s *shop) byImage(query string) ImageSearchPage {
	s.t.Helper()
	var page ImageSearchPage
	a := s.ask("GET", "/v1/search/image?"+query, "", nil)
	for end := time.Now().Add(time.Minute); a.Status == http.StatusServiceUnavailable && time.Now().Before(end); { // its index is in the making
		<-time.After(200 * time.Millisecond)
		a = s.ask("GET", "/v1/search/image?"+query, "", nil)
	}
	a.into(s.t, &page)
	return page
}

// offerIDs are products of the catalogue.
func (s *shop) offerIDs() (ids []int64) {
	s.t.Helper()
	var v struct {
		Offers []struct {
			OfferID int64 `json:"offerId,string"`
			Status  string
		}
	}
	s.control("GET", "/offers?limit=200", "", &v)
	for _, o := range v.Offers {
		if o.Status == "" || o.Status == "published" {
			ids = append(ids, o.OfferID)
		}
	}
	require.NotEmpty(s.t, ids)
	return ids
}

// photo is a picture of an offer as 1688 shows it.
func (s *shop) photo(id int64) []byte {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", fmt.Sprintf("%s/img/%d/0.jpg", s.url, id), nil)
	require.NoError(s.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(s.t, err)
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	require.NoError(s.t, err)
	require.Equal(s.t, 200, res.StatusCode)
	return raw
}

func TestUploadImageForms(t *testing.T) {
	s := newShop(t)
	raw := jpegOf(t, quarters(160, 120))
	kind, body := form(picturePart(raw))
	std := base64.StdEncoding.EncodeToString(raw)
	first := s.upload(raw)
	assert.Regexp(t, `^[0-9]{19}$`, first.ImageId)
	assert.Equal(t, []int{160, 120}, []int{first.Width, first.Height})
	for name, a := range map[string]answer{
		"named": s.ask("POST", "/v1/images", kind, body), "with a region": s.send(picturePart(raw), part{name: "region", body: "0,0,1,1"}),
		"region first": s.send(part{name: "region", body: " 0, 0 ,1,1.0"}, picturePart(raw)), "wrong file name": s.send(part{"image", "x.png", "image/jpeg", string(raw)}),
		"no type": s.send(part{"image", "x", "", string(raw)}), "empty region": s.send(part{name: "region"}, picturePart(raw)),
		"json": s.sendJSON(map[string]any{"imageBase64": std}), "data prefix": s.sendJSON(map[string]any{"imageBase64": "data:image/jpeg;base64," + std}),
		"url alphabet": s.sendJSON(map[string]any{"imageBase64": base64.RawURLEncoding.EncodeToString(raw)}),
		"line breaks":  s.sendJSON(map[string]any{"imageBase64": std[:76] + "\r\n" + std[76:152] + "\n " + std[152:]}),
		"whole region": s.sendJSON(map[string]any{"imageBase64": std, "region": map[string]any{"x1": 0, "y1": 0, "x2": 1, "y2": 1}}),
	} {
		var img Image
		require.Equal(t, 201, a.Status, "%s: %s", name, a.Body)
		a.into(t, &img)
		assert.Equal(t, first, img, name)
	}
	assert.Equal(t, 1, s.calls(uploadAPI), "the same picture is sent once")
	part := s.send(picturePart(raw), part{name: "region", body: "0.5,0.5,1,1"})
	var img Image
	part.into(t, &img)
	assert.Equal(t, []int{80, 60}, []int{img.Width, img.Height})
	assert.NotEqual(t, first.ImageId, img.ImageId)
	assert.Equal(t, 2, s.calls(uploadAPI))
}

// TestUploadImageRefusals: bad requests get their 4xx with a pointer and never reach 1688.
func TestUploadImageRefusals(t *testing.T) {
	s := newShop(t)
	raw := jpegOf(t, quarters(16, 12))
	good := picturePart(raw)
	std := base64.StdEncoding.EncodeToString(raw)
	kind, body := form(good)
	cut := bytes.Index(body, raw) + len(raw)/2
	huge := string(append(bytes.Clone(raw), make([]byte, MaxPictureBytes)...))
	box := func(v any) map[string]any { return map[string]any{"imageBase64": std, "region": v} }
	for name, tc := range map[string]struct {
		a             answer
		status        int
		code, pointer string
	}{
		"no parts":         {s.send(), 400, "REQUEST_INVALID", "/image"},
		"only a region":    {s.send(part{name: "region", body: "0,0,1,1"}), 400, "REQUEST_INVALID", "/image"},
		"two pictures":     {s.send(good, good), 400, "REQUEST_INVALID", "/image"},
		"two regions":      {s.send(good, part{name: "region"}, part{name: "region"}), 400, "REQUEST_INVALID", "/region"},
		"unknown field":    {s.send(good, part{name: "country", body: "japan"}), 400, "REQUEST_INVALID", "/country"},
		"odd name":         {s.send(part{name: "a/b~c", body: "1"}), 400, "REQUEST_INVALID", "/a~1b~0c"},
		"nameless":         {s.send(part{name: "", body: "1"}), 400, "REQUEST_INVALID", ""},
		"empty file":       {s.send(part{"image", "a.jpg", "image/jpeg", ""}), 400, "IMAGE_EMPTY", "/image"},
		"mislabelled":      {s.send(part{"image", "a.png", "image/png", string(raw)}), 415, "IMAGE_MISLABELLED", "/image"},
		"html":             {s.send(part{"image", "a.html", "text/html", "<html>"}), 415, "IMAGE_MISLABELLED", "/image"},
		"svg":              {s.send(part{"image", "a.svg", "image/svg+xml", "<svg/>"}), 415, "IMAGE_FORMAT_UNSUPPORTED", "/image"},
		"too large":        {s.send(part{"image", "a.jpg", "image/jpeg", huge}), 413, "", ""},
		"a bit too large":  {s.send(part{"image", "a.jpg", "image/jpeg", huge[:MaxPictureBytes+1]}), 413, "IMAGE_TOO_LARGE", "/image"},
		"damaged":          {s.send(part{"image", "a.jpg", "image/jpeg", string(raw[:len(raw)/2])}), 422, "IMAGE_DAMAGED", "/image"},
		"bad region":       {s.send(good, part{name: "region", body: "a,b,c,d"}), 400, "IMAGE_REGION_INVALID", "/region"},
		"three numbers":    {s.send(good, part{name: "region", body: "0,0,1"}), 400, "IMAGE_REGION_INVALID", "/region"},
		"no area":          {s.send(good, part{name: "region", body: "0.5,0,0.5,1"}), 400, "IMAGE_REGION_INVALID", "/region"},
		"nan":              {s.send(good, part{name: "region", body: "NaN,0,1,1"}), 400, "IMAGE_REGION_INVALID", "/region"},
		"outside":          {s.send(good, part{name: "region", body: "0,0,2,2"}), 400, "IMAGE_REGION_INVALID", "/region"},
		"long region":      {s.send(good, part{name: "region", body: strings.Repeat("0", 5000)}), 400, "IMAGE_REGION_INVALID", "/region"},
		"cut off":          {s.ask("POST", "/v1/images", kind, body[:cut]), 400, "REQUEST_MALFORMED", ""},
		"wrong boundary":   {s.ask("POST", "/v1/images", "multipart/form-data; boundary=other", body), 400, "REQUEST_INVALID", "/image"},
		"no boundary":      {s.ask("POST", "/v1/images", "multipart/form-data", body), 400, "REQUEST_MALFORMED", ""},
		"garbage":          {s.ask("POST", "/v1/images", kind, []byte("garbage")), 400, "REQUEST_INVALID", "/image"},
		"raw jpeg":         {s.ask("POST", "/v1/images", "image/jpeg", raw), 415, "REQUEST_CONTENT_TYPE", "/header/Content-Type"},
		"encoded part":     {s.ask("POST", "/v1/images", kind, bytes.Replace(body, []byte("Content-Type: image/jpeg"), []byte("Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64"), 1)), 400, "REQUEST_INVALID", "/image"},
		"json nothing":     {s.sendJSON(map[string]any{}), 400, "REQUEST_INVALID", "/imageBase64"},
		"json empty":       {s.sendJSON(map[string]any{"imageBase64": ""}), 400, "REQUEST_INVALID", "/imageBase64"},
		"json blank":       {s.sendJSON(map[string]any{"imageBase64": " \n"}), 400, "IMAGE_EMPTY", "/imageBase64"},
		"json number":      {s.sendJSON(map[string]any{"imageBase64": 5}), 400, "REQUEST_INVALID", "/imageBase64"},
		"json garbage":     {s.sendJSON(map[string]any{"imageBase64": "$$$"}), 400, "REQUEST_INVALID", "/imageBase64"},
		"json padding":     {s.sendJSON(map[string]any{"imageBase64": std + "="}), 400, "REQUEST_INVALID", "/imageBase64"},
		"json mislabelled": {s.sendJSON(map[string]any{"imageBase64": "data:image/png;base64," + std}), 415, "IMAGE_MISLABELLED", "/imageBase64"},
		"json not base64":  {s.sendJSON(map[string]any{"imageBase64": "data:image/jpeg," + std}), 400, "REQUEST_INVALID", "/imageBase64"},
		"json unknown":     {s.sendJSON(map[string]any{"imageBase64": std, "url": "http://127.0.0.1"}), 400, "REQUEST_INVALID", "/url"},
		"json box":         {s.sendJSON(box(map[string]any{"x1": 0.9, "y1": 0, "x2": 0.1, "y2": 1})), 400, "IMAGE_REGION_INVALID", "/region"},
		"json half a box":  {s.sendJSON(box(map[string]any{"x1": 0.9})), 400, "REQUEST_INVALID", ""},
		"json box beyond":  {s.sendJSON(box(map[string]any{"x1": 0, "y1": 0, "x2": 1.5, "y2": 1})), 400, "REQUEST_INVALID", "/region/x2"},
		"json box as text": {s.sendJSON(box("0,0,1,1")), 400, "REQUEST_INVALID", "/region"},
		"json 20 MB":       {s.sendJSON(map[string]any{"imageBase64": strings.Repeat("A", 20<<20)}), 413, "REQUEST_TOO_LARGE", ""},
	} {
		assert.Equal(t, tc.status, tc.a.Status, "%s: %s", name, tc.a.Body)
		if tc.code != "" {
			assert.Equal(t, tc.code, tc.a.Code, "%s: %s", name, tc.a.Body)
		}
		if tc.pointer != "" {
			assert.Equal(t, tc.pointer, tc.a.pointer(), "%s: %s", name, tc.a.Body)
		}
	}
	assert.Zero(t, s.calls(uploadAPI))
}

// TestUploadImageLimit: a picture of exactly the limit is fine in both forms.
func TestUploadImageLimit(t *testing.T) {
	s := newShop(t)
	raw := jpegOf(t, quarters(100, 80))
	raw = append(raw, make([]byte, MaxPictureBytes-len(raw))...)
	var one, two Image
	s.send(picturePart(raw)).into(t, &one)
	s.sendJSON(map[string]any{"imageBase64": "data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(raw)}).into(t, &two)
	assert.Equal(t, one, two)
}

func TestUploadImageTogether(t *testing.T) {
	s := newShop(t)
	raw := jpegOf(t, quarters(640, 480))
	var wg sync.WaitGroup
	ids := make([]string, 20)
	for i := range ids {
		wg.Go(func() { ids[i] = s.upload(raw).ImageId })
	}
	wg.Wait()
	for _, id := range ids {
		assert.Equal(t, ids[0], id)
	}
	assert.Equal(t, 1, s.calls(uploadAPI))
	// Other bytes that come out the same picture: prepared, but not sent.
	commented := segment(raw, 0xfe, "another comment")
	assert.Equal(t, ids[0], s.upload(commented).ImageId)
	assert.Equal(t, 1, s.calls(uploadAPI))
}

func TestUploadImageUpstreamAway(t *testing.T) {
	s := newShop(t)
	s.fault(uploadAPI, "http_500")
	a := s.send(picturePart(jpegOf(t, quarters(64, 48))))
	assert.Equal(t, 503, a.Status, string(a.Body))
	assert.NotEmpty(t, a.Header.Get("Retry-After"))
	s.calm()
	s.upload(jpegOf(t, quarters(64, 48)))
}

func TestPicturesTakeTurns(t *testing.T) {
	s := newShop(t)
	require.NoError(t, s.pictures.slots.Acquire(t.Context(), picturesAtOnce))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.pictures.prepare(ctx, jpegOf(t, quarters(64, 48)), nil)
	assert.ErrorIs(t, err, errPicturesBusy)
	_, err = s.pictures.prepare(ctx, []byte("no picture"), nil)
	assert.ErrorIs(t, err, errPictureFormat, "what is refused by its header needs no turn")
	s.pictures.slots.Release(picturesAtOnce)

	require.NoError(t, s.pictures.heics.Acquire(t.Context(), 1))
	_, err = s.pictures.prepare(ctx, sample(t, "quarters.heic"), nil)
	assert.ErrorIs(t, err, errPicturesBusy, "a HEIC waits for the HEIC before it")
	_, err = s.pictures.prepare(t.Context(), jpegOf(t, quarters(64, 48)), nil)
	assert.NoError(t, err, "and nobody else does")
	s.pictures.heics.Release(1)

	require.True(t, s.pictures.bodies.TryAcquire(bodiesAtOnce))
	a := s.send(picturePart(jpegOf(t, quarters(64, 48))))
	assert.Equal(t, 503, a.Status)
	assert.Equal(t, "IMAGE_BUSY", a.Code)
	assert.NotEmpty(t, a.Header.Get("Retry-After"))
	s.pictures.bodies.Release(bodiesAtOnce)
	s.upload(jpegOf(t, quarters(64, 48)))
	assert.True(t, s.pictures.bodies.TryAcquire(bodiesAtOnce), "everything that was held is given back")
	s.pictures.bodies.Release(bodiesAtOnce)
}

func TestSearchImage(t *testing.T) {
	s := newShop(t)
	id := s.anOffer()
	img := s.upload(s.photo(id))
	page := s.byImage("imageId=" + img.ImageId)
	require.NotEmpty(t, page.Items)
	assert.Equal(t, fmt.Sprint(id), page.Items[0].OfferId)
	assert.NotEmpty(t, page.Items[0].CompanyName)
	require.NotNil(t, page.Region)
	assert.Regexp(t, `^\d+,\d+,\d+,\d+$`, *page.Region)
	require.NotNil(t, page.Regions)
	assert.Equal(t, 1, s.calls(imageAPI))
	assert.Equal(t, page, s.byImage("imageId="+img.ImageId))
	assert.Equal(t, 1, s.calls(imageAPI), "answers are kept")

	second := s.byImage("beginPage=2&pageSize=5&imageId=" + img.ImageId)
	assert.Equal(t, 2, second.CurrentPage)
	address := s.byImage(fmt.Sprintf("imageAddress=%s/img/%d/0.jpg", s.url, id))
	assert.Equal(t, fmt.Sprint(id), address.Items[0].OfferId)
	cheap := s.byImage("sort=price:asc&priceStart=1&priceEnd=50&imageId=" + img.ImageId)
	for _, h := range cheap.Items {
		assert.LessOrEqual(t, h.Price.Original.Amount, int64(5000))
	}
	// Fractions of the picture are pixels at 1688.
	half := s.byImage("region=0,0,0.5,1&imageId=" + img.ImageId)
	assert.Equal(t, fmt.Sprintf("0,%d,0,%d", img.Width/2, img.Height), *half.Region)
	calls := s.calls(imageAPI)
	assert.Equal(t, half.Region, s.byImage(fmt.Sprintf("region=0,%d,0,%d&imageId=%s", img.Width/2, img.Height, img.ImageId)).Region)
	assert.Equal(t, calls, s.calls(imageAPI), "the same box in two spellings is one question")
}

func TestSearchImageRefusals(t *testing.T) {
	s := newShop(t)
	img := s.upload(s.photo(s.anOffer()))
	before := s.calls(imageAPI)
	host := "https://cbu01.alicdn.com/img/x.jpg"
	for query, want := range map[string][2]string{
		"":                                             {"REQUEST_INVALID", "/query/imageId"},
		"keyword=bag":                                  {"REQUEST_INVALID", "/query/imageId"},
		"imageId=1&imageAddress=" + host:               {"REQUEST_INVALID", "/query/imageAddress"},
		"imageId=":                                     {"REQUEST_INVALID", "/query/imageId"},
		"imageId=abc":                                  {"REQUEST_INVALID", "/query/imageId"},
		"imageId=1&imageId=2":                          {"REQUEST_INVALID", "/query/imageId"},
		"imageId=1&country=japan":                      {"REQUEST_INVALID", "/query/country"},
		"imageId=1&sort=name:asc":                      {"REQUEST_INVALID", "/query/sort"},
		"imageId=1&filter=nonsense":                    {"REQUEST_INVALID", "/query/filter"},
		"imageId=1&priceStart=x":                       {"REQUEST_INVALID", "/query/priceStart"},
		"imageId=1&priceStart=5&priceEnd=1":            {"REQUEST_INVALID", "/query/priceEnd"},
		"imageId=1&beginPage=0":                        {"REQUEST_INVALID", "/query/beginPage"},
		"imageId=1&pageSize=51":                        {"REQUEST_INVALID", "/query/pageSize"},
		"imageId=1&categoryId=x":                       {"REQUEST_INVALID", "/query/categoryId"},
		"imageId=1&region=1,2,3":                       {"REQUEST_INVALID", "/query/region"},
		"imageId=1&region=a,b,c,d":                     {"REQUEST_INVALID", "/query/region"},
		"imageId=1&region=500,100,0,500":               {"REQUEST_INVALID", "/query/region"},
		"imageId=1&region=0,0,0,0":                     {"REQUEST_INVALID", "/query/region"},
		"imageId=1&region=0,0,0.5,0.5":                 {"REQUEST_INVALID", "/query/region"}, // whose size nobody knows
		"region=0,0,0.5,0.5&imageAddress=" + host:      {"REQUEST_INVALID", "/query/region"},
		"region=9000,9900,0,10&imageId=" + img.ImageId: {"REQUEST_INVALID", "/query/region"},
	} {
		a := s.ask("GET", "/v1/search/image?"+query, "", nil)
		assert.Equal(t, 400, a.Status, "%s: %s", query, a.Body)
		assert.Equal(t, want[0], a.Code, "%s: %s", query, a.Body)
		assert.Equal(t, want[1], a.pointer(), "%s: %s", query, a.Body)
	}
	assert.Equal(t, before, s.calls(imageAPI))
}

// TestSearchImageUnknown: an id that 1688 has forgotten is 404, and the same picture is sent anew afterwards.
func TestSearchImageUnknown(t *testing.T) {
	s := newShop(t)
	a := s.ask("GET", "/v1/search/image?imageId=1490507813791335080", "", nil)
	assert.Equal(t, 404, a.Status, string(a.Body))
	assert.Equal(t, "IMAGE_UNKNOWN", a.Code)
	assert.Equal(t, "/query/imageId", a.pointer())

	raw := s.photo(s.anOffer())
	img := s.upload(raw)
	s.clock.advance(25 * 3600e9) // the sandbox keeps pictures for a day
	a = s.ask("GET", "/v1/search/image?imageId="+img.ImageId, "", nil)
	assert.Equal(t, "IMAGE_UNKNOWN", a.Code, string(a.Body))
	before := s.calls(uploadAPI)
	again := s.upload(raw)
	assert.Equal(t, before+1, s.calls(uploadAPI), "it was forgotten here too")
	assert.NotEmpty(t, s.byImage("imageId="+again.ImageId).Items)

	a = s.ask("GET", "/v1/search/image?imageAddress=https://cbu01.alicdn.com/img/none.jpg", "", nil)
	assert.Equal(t, 422, a.Status, string(a.Body))
	assert.Equal(t, "/query/imageAddress", a.pointer())
}

// TestSearchImageNothing: a picture of nothing is answered, and sent anew next time.
func TestSearchImageNothing(t *testing.T) {
	s := newShop(t)
	plain := image.NewGray(image.Rect(0, 0, 200, 200))
	img := s.upload(jpegOf(t, plain))
	page := s.byImage("imageId=" + img.ImageId)
	assert.Empty(t, page.Items)
	assert.NotNil(t, page.Items)
	before := s.calls(uploadAPI)
	s.upload(jpegOf(t, plain))
	assert.Equal(t, before+1, s.calls(uploadAPI))
}

// loopbacks are ways to write an address that must never be passed on.
var loopbacks = strings.Fields(`http://127.0.0.1/a.jpg https://127.0.0.1/a.jpg https://localhost/a.jpg https://LOCALHOST/a.jpg https://127.1/a.jpg https://2130706433/a.jpg
	https://0x7f000001/a.jpg https://0177.0.0.1/a.jpg https://0x7f.1/a.jpg https://[::1]/a.jpg https://[::ffff:127.0.0.1]/a.jpg https://[0:0:0:0:0:0:0:1]/a.jpg https://0/a.jpg https://0.0.0.0/a.jpg
	https://127.0.0.1.nip.io/a.jpg https://localtest.me/a.jpg https://cbu01.alicdn.com@127.0.0.1/a.jpg https://127.0.0.1#cbu01.alicdn.com/a.jpg https://127.0.0.1\@cbu01.alicdn.com/a.jpg
	https://cbu01.alicdn.com\@127.0.0.1/a.jpg https://cbu01.alicdn.com:443/a.jpg https://cbu01.alicdn.com:8080/a.jpg https://cbu01.alicdn.com./a.jpg https://cbu01.alicdn.com.evil.com/a.jpg
	https://evil.com/cbu01.alicdn.com/a.jpg https://evil-cbu01.alicdn.com/a.jpg https://CBU01.alicdn.com/a.jpg http://cbu01.alicdn.com/a.jpg HTTPS://cbu01.alicdn.com/a.jpg //cbu01.alicdn.com/a.jpg
	cbu01.alicdn.com/a.jpg https:/cbu01.alicdn.com/a.jpg https:cbu01.alicdn.com/a.jpg https:///cbu01.alicdn.com/a.jpg https://cbu01.alicdn.com https://cbu01.alicdn.com/ https://cbu01.alicdn.com/../a.jpg
	https://cbu01.alicdn.com/%2e%2e/a.jpg https://cbu01.alicdn.com/a%00.jpg https://cbu01.alicdn.com%2f@127.0.0.1/a.jpg https://①②⑦.⓪.⓪.①/a.jpg https://ⓒbu01.alicdn.com/a.jpg https://cbu01。alicdn。com/a.jpg
	https://cbu01.alicdn.com/a.jpg#x https://user:pw@cbu01.alicdn.com/a.jpg https://cbu01.alicdn.com//127.0.0.1/a.jpg file:///etc/passwd ftp://cbu01.alicdn.com/a.jpg gopher://127.0.0.1:6379/_INFO
	data:image/png;base64,AAAA javascript:alert(1) https://169.254.169.254/latest/meta-data https://metadata.google.internal/a.jpg https://10.0.0.1/a.jpg https://cbu01.alicdn.com/a.jpg?u=http://127.0.0.1/
	https://xn--cbu01-.alicdn.com/a.jpg https://127.0.0.1:8688/img/1/0.jpg http://127.0.0.1:1/img/1/0.jpg`)

func TestImageAddress(t *testing.T) {
	s := newShop(t)
	require.Greater(t, len(loopbacks), 50)
	bad := append([]string{s.url + "/img/../sandbox/v1/state", s.url + "/sandbox/v1/state", s.url + ".evil.com/img/1/0.jpg", s.url + "@evil.com/img/1/0.jpg", s.url + "/img/", "https://cbu01.alicdn.com/" + strings.Repeat("a", maxImageAddress),
		"https://cbu01.alicdn.com/a b.jpg", "https://cbu01.alicdn.com/\ta.jpg", " https://cbu01.alicdn.com/a.jpg", "https://cbu01.alicdn.com/a.jpg\r\nHost: x"}, loopbacks...)
	for _, address := range bad {
		assert.False(t, s.pictures.allowed(address), address)
		a := s.ask("GET", "/v1/search/image?imageAddress="+escape(address), "", nil)
		assert.Equal(t, 400, a.Status, address)
		assert.Equal(t, "/query/imageAddress", a.pointer(), address)
	}
	assert.Zero(t, s.calls(imageAPI))
	for _, address := range []string{"https://cbu01.alicdn.com/img/ibank/O1CN01abc_!!2200.jpg", "https://img.alicdn.com/imgextra/i1/a.png_600x600.jpg", s.url + "/img/1/0.jpg", "https://cbu01.alicdn.com/a.jpg?x-oss-process=image/resize,w_10"} {
		assert.True(t, s.pictures.allowed(address), address)
	}
	closed := newPictures(Options{ImageHosts: []string{"pictures.example.com"}})
	defer closed.close()
	assert.True(t, closed.allowed("https://pictures.example.com/a.jpg"))
	assert.False(t, closed.allowed("https://cbu01.alicdn.com/a.jpg"))
	assert.False(t, closed.allowed("/img/1/0.jpg"), "no origin allows nothing")
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// TestUploadsAreShared: what one process has sent, the others know; and Redis may be away.
func TestUploadsAreShared(t *testing.T) {
	s := newShop(t)
	mr := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: mr.Addr(), MaxRetries: -1})
	defer func() { _ = client.Close() }()
	peer := func() *shop {
		p := &shop{fixture: &fixture{t: t, clock: s.clock, sites: s.sites, site: s.site, url: s.url}}
		p.Service = New(Options{Client: s.client, Rates: s.rates, Now: s.clock.now, Logger: slog.New(slog.DiscardHandler), Redis: client})
		t.Cleanup(func() { assert.NoError(t, p.Close()) })
		p.routes = p.routed(io.Discard)
		return p
	}
	one, two := peer(), peer()
	raw := jpegOf(t, quarters(320, 240))
	img := one.upload(raw)
	assert.Equal(t, img, two.upload(raw))
	assert.Equal(t, 1, s.calls(uploadAPI))
	half := two.byImage("region=0,0,0.5,1&imageId=" + img.ImageId) // the size is known there too
	assert.Equal(t, "0,160,0,240", *half.Region)
	two.pictures.forget(t.Context(), img.ImageId)
	two.upload(raw)
	assert.Equal(t, 2, s.calls(uploadAPI))
	mr.Close()
	one.upload(jpegOf(t, quarters(322, 240)))
	assert.Equal(t, 3, s.calls(uploadAPI))
}

// TestImageNationalSite: the other profile, whose answers have no boxes.
func TestImageNationalSite(t *testing.T) {
	s := newShop(t)
	client, err := alibaba.New(alibaba.Options{BaseURL: s.url + "/openapi", AppKey: sandbox.DemoKey, AppSecret: sandbox.DemoSecret, AccessToken: sandbox.DemoToken, Profile: alibaba.ProfileNationalSite})
	require.NoError(t, err)
	defer client.Close()
	s.client = client
	id := s.anOffer()
	img := s.upload(s.photo(id))
	assert.Equal(t, fmt.Sprint(id), s.byImage("imageId=" + img.ImageId).Items[0].OfferId)
	last := int64(0)
	for _, h := range s.byImage("sort=price:asc&imageId=" + img.ImageId).Items {
		assert.GreaterOrEqual(t, h.Price.Original.Amount, last)
		last = h.Price.Original.Amount
	}
}
