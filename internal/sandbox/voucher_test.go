package sandbox

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const uploadAPI = "com.alibaba.trade/alibaba.trade.uploadRefundVoucher"

func jpegOf(w, h int) []byte {
	var b bytes.Buffer
	img := image.NewGray(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = byte(i * 7)
	}
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// upload sends a picture as the official SDK does and returns its relative URL.
func (f *fixture) upload(data []byte) string {
	f.t.Helper()
	a := f.call(uploadAPI, map[string]string{"imageData": base64.StdEncoding.EncodeToString(data)})
	rel, _ := at(f.t, a, "result", "result").(map[string]any)["imageRelativeUrl"].(string)
	require.NotEmpty(f.t, rel, a)
	return rel
}

func (f *fixture) get(path string) int {
	f.t.Helper()
	res, err := http.Get(f.url + path)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// multipartUpload is the documented form: token and signature in the query, the file part outside the signature.
func (f *fixture) multipartUpload(data []byte, spoil string) (int, map[string]any) {
	f.t.Helper()
	path := "param2/1/" + uploadAPI + "/" + DemoKey
	q := url.Values{"access_token": {DemoToken}, "_aop_signature": {sign(DemoSecret, path, map[string]string{"access_token": DemoToken}) + spoil}}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("imageData", "a.jpg")
	require.NoError(f.t, err)
	_, _ = part.Write(data)
	require.NoError(f.t, w.Close())
	res, err := http.Post(f.url+"/openapi/"+path+"?"+q.Encode(), w.FormDataContentType(), &body)
	require.NoError(f.t, err)
	defer func() { _ = res.Body.Close() }()
	out, err := io.ReadAll(res.Body)
	require.NoError(f.t, err)
	return res.StatusCode, decode(f.t, out)
}

func TestVoucherUpload(t *testing.T) {
	f := start(t, Options{})
	data := jpegOf(30, 20)
	status, a := f.multipartUpload(data, "")
	require.Equal(t, 200, status)
	assert.Equal(t, true, at(t, a, "result", "success"))
	p := at(t, a, "result", "result").(map[string]any)
	link := p["imageDomain"].(string) + "/" + p["imageRelativeUrl"].(string)
	res, err := http.Get(link)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, data, got, "served as it came")
	assert.Equal(t, "image/jpeg", res.Header.Get("Content-Type"))

	assert.Equal(t, p["imageRelativeUrl"], f.upload(data), "the same picture has the same name")
	status, a = f.multipartUpload(data, "0")
	assert.Equal(t, 400, status)
	assert.Equal(t, "gw.SignatureInvalid", a["error_code"])

	id, subs := f.bought("pay", "ship")
	f.ask(id, subs, goodsReceived, map[string]string{"applyReasonId": "20022", "vouchers": `["` + link + `"]`})
	r := f.refundOf(f.order(id).RefundID)
	assert.Equal(t, []string{link}, r.Vouchers)
}

func TestVoucherRefusals(t *testing.T) {
	f := start(t, Options{})
	bomb := jpegOf(8, 8)
	sof := bytes.Index(bomb, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(bomb[sof+5:], 65535)
	binary.BigEndian.PutUint16(bomb[sof+7:], 65535)
	big := append(jpegOf(8, 8), make([]byte, 1<<20)...)
	for name, data := range map[string][]byte{
		"empty": nil, "png": []byte("\x89PNG\r\n\x1a\n"), "text": []byte("<script>"), "cut": jpegOf(8, 8)[:20], "huge": big, "bomb": bomb,
	} {
		_, a := f.multipartUpload(data, "")
		assert.Equal(t, "4000", at(t, a, "result", "code"), name)
		f.refused(uploadAPI, map[string]string{"imageData": base64.StdEncoding.EncodeToString(data)}, "4000")
	}
	f.refused(uploadAPI, map[string]string{"imageData": "%%%"}, "4000")
	f.refused(uploadAPI, nil, "4000")
	assert.Empty(t, f.srv.vouchers)
	for _, path := range []string{"/img/voucher/x.jpg", "/img/voucher/..%2f..%2fsandbox.journal"} {
		assert.Equal(t, 404, f.get(path), path)
	}
}

// The pictures stay within their budget, on disk too.
func TestVouchersAreBounded(t *testing.T) {
	dir := t.TempDir()
	f := start(t, Options{Dir: dir})
	first := f.upload(jpegOf(9, 9))
	f.srv.mu.Lock()
	for i := range 70 {
		f.srv.keepVoucher(&voucher{Name: "v" + itoa(int64(i)), Size: 1 << 20})
	}
	assert.LessOrEqual(t, f.srv.voucherMemory, int64(maxVouchersAll))
	assert.Len(t, f.srv.voucherNames, len(f.srv.vouchers))
	f.srv.mu.Unlock()
	assert.Equal(t, 404, f.get("/"+first))
	_, err := os.Stat(filepath.Join(dir, "vouchers", strings.TrimPrefix(first, voucherPath)))
	assert.ErrorIs(t, err, os.ErrNotExist)
}
