package alibaba

import (
	"bytes"
	"context"
	"errors"
	"mime/multipart"
	"strings"
)

// Uploading twice does no harm.
var apiUploadVoucher = endpoint{namespace: "com.alibaba.trade", name: "alibaba.trade.uploadRefundVoucher", patient: true}

// MaxVoucher is the size a picture must stay below, in bytes.
const MaxVoucher = 1 << 20

var errNotVoucher = errors.New("a voucher is a JPEG below 1 MB")

// UploadRefundVoucher hands over a picture as evidence and gives its address for CreateRefund and ReturnGoods. It must be a
// JPEG smaller than MaxVoucher. Code 4000 is a picture that 1688 does not like, or trouble of its own: worth one more try.
// 1688 API: com.alibaba.trade:alibaba.trade.uploadRefundVoucher-1.
func (c *Client) UploadRefundVoucher(ctx context.Context, jpeg []byte) (address string, err error) {
	if len(jpeg) >= MaxVoucher || !bytes.HasPrefix(jpeg, []byte("\xff\xd8")) {
		return "", apiUploadVoucher.refuse(errNotVoucher)
	}
	file, err := newUpload("imageData", "voucher.jpg", jpeg)
	if err != nil {
		return "", apiUploadVoucher.refuse(err)
	}
	var reply struct {
		Domain   Text `json:"imageDomain"`
		Relative Text `json:"imageRelativeUrl"`
	}
	read := openInto(&reply)
	_, err = c.callWith(ctx, &apiUploadVoucher, nil, file, func(body []byte) error {
		if err := read(body); err != nil {
			return err
		}
		if reply.Domain == "" || reply.Relative == "" {
			return errGarbage
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(reply.Domain), "/") + "/" + strings.TrimLeft(string(reply.Relative), "/"), nil
}

// upload is a multipart body with one file. It is not signed: what is signed travels in the URL then, the signature too.
type upload struct {
	contentType string
	body        []byte
}

func newUpload(field, name string, data []byte) (*upload, error) {
	var b bytes.Buffer
	b.Grow(len(data) + 512)
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(field, name)
	if err != nil {
		return nil, err
	}
	if _, err := part.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return &upload{contentType: w.FormDataContentType(), body: b.Bytes()}, nil
}
