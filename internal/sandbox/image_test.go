package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	imageUploadAPI = "com.alibaba.fenxiao.crossborder/product.image.upload"
	imageQueryAPI  = "com.alibaba.fenxiao.crossborder/product.search.imageQuery"
)

func jpegText(t testing.TB, img image.Image) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}))
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func pngBytes(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

// sendPicture sends a picture and returns the inner answer.
func (f *fixture) sendPicture(text string) map[string]any {
	f.t.Helper()
	a := f.call(imageUploadAPI, map[string]string{"uploadImageParam": string(marshal(obj{"imageBase64": text, "outMemberId": "2"}))})
	return a["result"].(map[string]any)
}

func (f *fixture) imageID(img image.Image) string {
	f.t.Helper()
	r := f.sendPicture(jpegText(f.t, img))
	require.Equal(f.t, "true", r["success"], r)
	return r["result"].(string)
}

// askPicture searches by picture and returns the inner answer.
func (f *fixture) askPicture(param obj) map[string]any {
	f.t.Helper()
	all := obj{"beginPage": 1, "pageSize": 10, "country": "en"}
	for k, v := range param {
		all[k] = v
	}
	return f.call(imageQueryAPI, map[string]string{"offerQueryParam": string(marshal(all))})["result"].(map[string]any)
}

func found(t testing.TB, r map[string]any) []int64 {
	t.Helper()
	require.Equal(t, "true", r["success"], r)
	var out []int64
	for _, h := range at(t, r, "result", "data").([]any) {
		id, err := h.(map[string]any)["offerId"].(json.Number).Int64()
		require.NoError(t, err)
		out = append(out, id)
	}
	return out
}

// drawn is picture n of an offer as the sandbox draws it.
func drawn(o *offer, n, size int) *image.RGBA {
	c := newCanvas(size)
	c.render(o, n, affine{float64(size), 0, 0, 0, float64(size), 0})
	return c.image()
}

// plainGoods picks offers whose colour stands out, so that a test shows the search and not the limits of seeing.
func plainGoods(cat *catalogue, looks ...look) []*offer {
	var out []*offer
	for _, l := range looks {
		for i := range cat.offers {
			if o := &cat.offers[i]; o.look() == l && o.traits&delisted == 0 && rgb(colourRGB[o.colours()[0]]).light() < 150 {
				out = append(out, o)
				break
			}
		}
	}
	return out
}

func (f *fixture) fetch(method, path string) (*http.Response, []byte) {
	f.t.Helper()
	req, err := http.NewRequest(method, f.url+path, http.NoBody)
	require.NoError(f.t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res, body
}

func TestPictureForms(t *testing.T) {
	f := start(t, Options{Offers: 60})
	o := &f.srv.cat.Load().offers[0]
	for _, tc := range []struct {
		file, kind string
		size       int
	}{
		{"0.jpg", "image/jpeg", 800}, {"0.png", "image/png", 800}, {"1.220x220.jpg", "image/jpeg", 220}, {"2_100x80.png", "image/png", 80},
		{"0.jpg_60x60.jpg", "image/jpeg", 60}, {"9.400x400.jpg", "image/jpeg", 400}, {fmt.Sprintf("%d.50x50.jpg", skuPicture+o.colours()[0]), "image/jpeg", 50},
	} {
		res, body := f.fetch("GET", fmt.Sprintf("/img/%d/%s", o.id, tc.file))
		require.Equal(t, 200, res.StatusCode, tc.file)
		assert.Equal(t, tc.kind, res.Header.Get("Content-Type"), tc.file)
		assert.Equal(t, "public, max-age=86400", res.Header.Get("Cache-Control"))
		img, _, err := image.Decode(bytes.NewReader(body))
		require.NoError(t, err, tc.file)
		assert.Equal(t, image.Pt(tc.size, tc.size), img.Bounds().Size(), tc.file)
	}
	for _, file := range []string{"0.webp", "x.jpg", "-1.jpg", "999.jpg", "0.0x0.jpg", "0.5000x5000.jpg", "0", ".jpg", "0.jpg.jpg"} {
		res, _ := f.fetch("GET", fmt.Sprintf("/img/%d/%s", o.id, file))
		assert.Equal(t, 404, res.StatusCode, file)
	}
	res, body := f.fetch("HEAD", picturePath(o.id, 0))
	assert.Equal(t, 200, res.StatusCode)
	assert.Empty(t, body)
	assert.Positive(t, res.ContentLength)
}

func TestPicturesDiffer(t *testing.T) {
	f, g := start(t, Options{Offers: 120}), start(t, Options{Offers: 120})
	seen := map[string]int64{}
	for i := range f.srv.cat.Load().offers {
		o := &f.srv.cat.Load().offers[i]
		path := fmt.Sprintf("/img/%d/0.120x120.png", o.id)
		_, body := f.fetch("GET", path)
		if other, had := seen[string(body)]; had {
			assert.Fail(t, "two offers look the same", "%d %d", other, o.id)
		}
		seen[string(body)] = o.id
		if i%20 == 0 {
			_, again := g.fetch("GET", path)
			assert.Equal(t, body, again, "same seed, same bytes")
			_, second := f.fetch("GET", fmt.Sprintf("/img/%d/1.120x120.png", o.id))
			assert.NotEqual(t, body, second, "views differ")
		}
	}
}

// TestEveryLookIsDrawn holds the shape tables: every look has a body that carries a print.
func TestEveryLookIsDrawn(t *testing.T) {
	for l := range looks {
		assert.NotEmpty(t, outlines()[l].parts, l.String())
		assert.GreaterOrEqual(t, len(outlines()[l].spots), 12, "%s has no body to print on", l)
	}
}

func TestImageSearchOverHTTP(t *testing.T) {
	f := start(t, Options{Offers: 300})
	cat := f.srv.cat.Load()
	for _, o := range plainGoods(cat, lookTee, lookCup, lookBackpack, lookBoot) {
		id := f.imageID(drawn(o, 0, 500))
		assert.Regexp(t, `^\d{19}$`, id)
		r := f.askPicture(obj{"imageId": id})
		ids := found(t, r)
		require.Equal(t, o.id, ids[0], o.look())
		assert.Equal(t, "200", r["code"])
		hit := at(t, r, "result", "data", 0).(map[string]any)
		for _, k := range []string{"subjectTrans", "priceInfo", "companyName", "companyAddress", "offerDataInfo", "imageUrl"} {
			assert.Contains(t, hit, k)
		}
		assert.NotContains(t, hit, "whiteImage")
		assert.NotContains(t, hit, "aigcImageUrl")
		assert.Regexp(t, `^\d+,\d+,\d+,\d+$`, at(t, r, "result", "picRegionInfo", "currentRegion"))
		assert.Contains(t, at(t, r, "result", "picRegionInfo", "yoloCropRegion"), at(t, r, "result", "picRegionInfo", "currentRegion"))

		second := found(t, f.askPicture(obj{"imageId": id, "beginPage": 2}))
		assert.NotContains(t, second, o.id, "pages do not overlap")
		for _, n := range []int{1, 2, whitePicture, skuPicture + o.colours()[len(o.colours())-1]} {
			assert.Equal(t, o.id, found(t, f.askPicture(obj{"imageAddress": f.url + picturePath(o.id, n)}))[0], "%s by picture %d", o.look(), n)
		}
		// everything the keyword search narrows by
		for _, in := range found(t, f.askPicture(obj{"imageId": id, "categoryId": o.categories()[0]})) {
			assert.Equal(t, o.categories()[0], cat.find(in).categories()[0])
		}
		for _, in := range found(t, f.askPicture(obj{"imageId": id, "filter": "shipIn48Hours", "priceStart": "10", "priceEnd": "50"})) {
			p := cat.find(in)
			assert.True(t, p.has("shipIn48Hours") && p.price >= 1000 && p.price <= 5000)
		}
		last := int64(0)
		for _, in := range found(t, f.askPicture(obj{"imageId": id, "sort": `{"price":"asc"}`})) {
			assert.GreaterOrEqual(t, cat.find(in).price, last)
			last = cat.find(in).price
		}
		word := words().nouns[o.noun].in("en")
		for _, in := range found(t, f.askPicture(obj{"imageId": id, "keyword": word})) {
			assert.True(t, cat.marked(word)[cat.find(in).idx], word)
		}
	}
}

// TestImageRegion puts two products side by side: the region decides which is meant.
func TestImageRegion(t *testing.T) {
	f := start(t, Options{Offers: 300})
	pair := plainGoods(f.srv.cat.Load(), lookTee, lookCup)
	both := image.NewRGBA(image.Rect(0, 0, 1000, 500))
	for i, o := range pair {
		draw.Draw(both, image.Rect(i*500, 0, i*500+500, 500), drawn(o, 0, 500), image.Point{}, draw.Src)
	}
	id := f.imageID(both)
	for i, o := range pair {
		r := f.askPicture(obj{"imageId": id, "region": fmt.Sprintf("%d,%d,0,500", i*500, i*500+500)})
		assert.Equal(t, o.id, found(t, r)[0])
		assert.Equal(t, fmt.Sprintf("%d,%d,0,500", i*500, i*500+500), at(t, r, "result", "picRegionInfo", "currentRegion"))
	}
	// the candidates that the answer offers lead to both
	boxes := at(t, f.askPicture(obj{"imageId": id}), "result", "picRegionInfo", "yoloCropRegion").(string)
	firsts := map[int64]bool{}
	for region := range strings.SplitSeq(boxes, ";") {
		firsts[found(t, f.askPicture(obj{"imageId": id, "region": region}))[0]] = true
	}
	assert.True(t, firsts[pair[0].id] && firsts[pair[1].id], "%s", boxes)
	for _, bad := range []string{"1,2,3", "a,b,c,d", "500,100,0,500", "5000,6000,0,500", "NaN,NaN,NaN,NaN", "0,0,0,0"} {
		r := f.askPicture(obj{"imageId": id, "region": bad})
		assert.Equal(t, "false", r["success"], bad)
		assert.Equal(t, "PARAM_ERROR", r["code"], bad)
	}
}

func TestImageQueryRefusals(t *testing.T) {
	f := start(t, Options{Offers: 60})
	for name, tc := range map[string]struct {
		param obj
		code  string
	}{
		"nothing":       {obj{}, "PARAM_ERROR"},
		"unknown id":    {obj{"imageId": "1490507813791335080"}, "IMAGE_NOT_EXIST"},
		"foreign url":   {obj{"imageAddress": "https://example.com/a.jpg"}, "IMAGE_DOWNLOAD_TIMEOUT"},
		"no such offer": {obj{"imageAddress": f.url + "/img/1/0.jpg"}, "IMAGE_DOWNLOAD_TIMEOUT"},
		"not a url":     {obj{"imageAddress": "::%zz"}, "IMAGE_DOWNLOAD_TIMEOUT"},
		"page":          {obj{"imageId": "1", "beginPage": 0}, "PARAM_ERROR"},
		"size":          {obj{"imageId": "1", "pageSize": 51}, "PARAM_ERROR"},
		"country":       {obj{"imageId": "1", "country": ""}, "PARAM_ERROR"},
	} {
		r := f.askPicture(tc.param)
		assert.Equal(t, "false", r["success"], name)
		assert.Equal(t, tc.code, r["code"], name)
	}
}

func TestImageLife(t *testing.T) {
	dir, clk := t.TempDir(), newClock()
	opt := Options{Offers: 400, Dir: dir, Now: clk.now}
	f := start(t, opt)
	o := plainGoods(f.srv.cat.Load(), lookTee)[0]
	img := drawn(o, 0, 300)
	id := f.imageID(img)
	assert.Equal(t, id, f.imageID(img), "the same picture has the same id")
	before := found(t, f.askPicture(obj{"imageId": id}))
	require.NoError(t, f.srv.Close())

	g := start(t, opt)
	assert.Equal(t, before, found(t, g.askPicture(obj{"imageId": id})), "an id survives a restart")
	g.control("POST", "/clock", `{"advance":90000}`, 200)
	r := g.askPicture(obj{"imageId": id})
	assert.Equal(t, "IMAGE_EXPIRED", r["code"], r)
	assert.Equal(t, id, g.imageID(img))
	assert.Equal(t, before, found(t, g.askPicture(obj{"imageId": id})), "uploaded again it lives again")
}

func TestUploadsAreBounded(t *testing.T) {
	s := &Server{state: newState(1)}
	for i := range maxUploads + 10 {
		s.keepUpload(&upload{ID: itoa(int64(i)), Thumb: make([]byte, 10)})
	}
	assert.Len(t, s.uploads, maxUploads)
	assert.Nil(t, s.uploads["9"])
	assert.NotNil(t, s.uploads["10"])
	for i := range 5 {
		s.keepUpload(&upload{ID: itoa(int64(-1 - i)), Thumb: make([]byte, maxThumbs/3)})
	}
	assert.LessOrEqual(t, s.thumbs, maxThumbs)
	assert.Len(t, s.uploadID, len(s.uploads))
}

// pngHeader is a PNG that claims a size and holds nothing.
func pngHeader(w, h uint32) []byte {
	head := make([]byte, 13)
	binary.BigEndian.PutUint32(head, w)
	binary.BigEndian.PutUint32(head[4:], h)
	head[8], head[9] = 8, 6
	chunk := append([]byte("IHDR"), head...)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, chunk...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
}

func TestUploadHostile(t *testing.T) {
	f := start(t, Options{Offers: 60})
	r := rand.New(rand.NewPCG(1, 2))
	noise := image.NewRGBA(image.Rect(0, 0, 120, 90))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(r.Uint32())
	}
	whole, err := base64.StdEncoding.DecodeString(jpegText(t, noise))
	require.NoError(t, err)
	deep := image.NewNRGBA64(image.Rect(0, 0, 40, 30))
	deep.Set(3, 3, color.NRGBA64{R: 65535, A: 40000})
	var moving bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 30, 30), color.Palette{color.White, color.Black})
	require.NoError(t, gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}))
	b64 := base64.StdEncoding.EncodeToString
	folded := b64(whole)
	for name, tc := range map[string]struct{ text, code string }{
		"fine":         {b64(whole), ""},
		"line breaks":  {folded[:76] + "\r\n" + folded[76:] + "\n", ""},
		"url alphabet": {base64.RawURLEncoding.EncodeToString(whole), ""},
		"16 bit png":   {b64(pngBytes(t, deep)), ""},
		"moving gif":   {b64(moving.Bytes()), ""},
		"one pixel":    {b64(pngBytes(t, image.NewGray(image.Rect(0, 0, 1, 1)))), ""},
		"polyglot":     {b64(append(bytes.Clone(whole), "<script>PK\x03\x04"...)), ""},
		"data prefix":  {"data:image/jpeg;base64," + b64(whole), "IMAGE_BASE64_INVALID"},
		"no base64":    {"$$$ not base64 $$$", "IMAGE_BASE64_INVALID"},
		"empty":        {"", "PARAM_ERROR"},
		"blank":        {" \n", "PARAM_ERROR"},
		"text":         {b64([]byte("hello, world, this is no picture at all")), "IMAGE_FORMAT_UNSUPPORTED"},
		"svg":          {b64([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)), "IMAGE_FORMAT_UNSUPPORTED"},
		"truncated":    {b64(whole[:len(whole)/2]), "IMAGE_DAMAGED"},
		"header only":  {b64(whole[:4]), "IMAGE_FORMAT_UNSUPPORTED"},
		"bomb":         {b64(pngHeader(30000, 30000)), "IMAGE_TOO_LARGE"},
		"wide bomb":    {b64(pngHeader(1<<31-1, 1)), "IMAGE_TOO_LARGE"},
		"no pixels":    {b64(pngHeader(100, 100)), "IMAGE_DAMAGED"},
	} {
		r := f.sendPicture(tc.text)
		if tc.code == "" {
			assert.Equal(t, "true", r["success"], "%s: %v", name, r)
			assert.Equal(t, "S0000", r["code"], name)
			found(t, f.askPicture(obj{"imageId": r["result"]})) // what shows no product is answered all the same
			continue
		}
		assert.Equal(t, "false", r["success"], name)
		assert.Equal(t, tc.code, r["code"], name)
	}
	_, _, ref := unpack(b64(make([]byte, maxUpload+1)))
	assert.Equal(t, "IMAGE_TOO_LARGE", ref.code)
}

func TestPictureOfNothing(t *testing.T) {
	f := start(t, Options{Offers: 60})
	plain := image.NewRGBA(image.Rect(0, 0, 200, 200))
	draw.Draw(plain, plain.Rect, image.NewUniform(color.RGBA{90, 120, 200, 255}), image.Point{}, draw.Src)
	r := f.askPicture(obj{"imageId": f.imageID(plain)})
	assert.Empty(t, found(t, r))
	assert.Equal(t, "0", fmt.Sprint(at(t, r, "result", "totalRecords")))
}

func TestImageSiteProfile(t *testing.T) {
	f := start(t, Options{Offers: 400})
	o := plainGoods(f.srv.cat.Load(), lookTee)[0]
	a := f.call(imageUploadAPI, map[string]string{"imageBase64": jpegText(t, drawn(o, 0, 300)), "outMemberId": "2"})
	assert.Equal(t, true, a["success"], a)
	id, _ := a["data"].(string)
	b := f.call(imageQueryAPI, map[string]string{"imageId": id, "beginPage": "1", "pageSize": "10", "country": "en"})
	assert.Equal(t, itoa(o.id), fmt.Sprint(at(t, b, "data", "searchOfferModelList", 0, "offerId")))
}

func TestByteCacheIsBounded(t *testing.T) {
	var b byteCache
	for i := range 100 {
		b.put(itoa(int64(i)), make([]byte, 1<<20))
	}
	assert.LessOrEqual(t, b.size, byteCacheSize)
	assert.Nil(t, b.get("0"))
	assert.NotNil(t, b.get("99"))
	b.put("big", make([]byte, byteCacheSize))
	assert.Nil(t, b.get("big"))
}

// FuzzImageUpload: whatever is sent, there is a picture or a refusal.
func FuzzImageUpload(f *testing.F) {
	img := image.NewRGBA(image.Rect(0, 0, 9, 7))
	f.Add(pngBytes(f, img))
	f.Add(pngHeader(30000, 30000))
	f.Add([]byte("GIF89a\x01\x00\x01\x00\x00\x00\x00"))
	f.Add([]byte("\xff\xd8\xff\xe0 not a jpeg"))
	small := newCatalogue(1, 30)
	x := newSights(small, nil)
	x.wait(otherViews)
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, _, ref := unpack(base64.StdEncoding.EncodeToString(raw))
		if ref != nil {
			return
		}
		p := takePhoto(got)
		if p.w > thumbSide || p.h > thumbSide || len(p.keepsake()) > 1<<20 {
			t.Fatal("more is kept than allowed")
		}
		x.look(p)
		p.boxes()
	})
}

func BenchmarkPicture(b *testing.B) {
	cat := newCatalogue(1688, 400)
	for i := 0; b.Loop(); i++ {
		p := pictureRequest{offer: &cat.offers[i%400], size: pictureSize}
		p.encode()
	}
}

func BenchmarkImageSearch(b *testing.B) {
	cat := newCatalogue(1688, 20_000)
	x := newSights(cat, nil)
	from := time.Now()
	x.wait(otherViews)
	b.ReportMetric(time.Since(from).Seconds(), "build-s")
	p := takePhoto(drawn(&cat.offers[7], 0, 500))
	for b.Loop() {
		x.look(p)
	}
}
