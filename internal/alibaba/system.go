package alibaba

import (
	"bytes"
	"context"
	"time"
)

var apiCurrentTime = endpoint{namespace: "system", name: "currentTime", noToken: true}

// CurrentTime reads the gateway's clock: a signed call without permissions that proves key, secret and network.
// 1688 API: system:currentTime-1.
func (c *Client) CurrentTime(ctx context.Context) (time.Time, error) {
	var at time.Time
	_, err := c.call(ctx, &apiCurrentTime, nil, func(body []byte) error {
		body = bytes.TrimSpace(body)
		if isObject(body) {
			payload, err := open(body)
			if err != nil {
				return err
			}
			body = payload
		}
		at = parseTime(string(bytes.Trim(body, `"`)))
		if at.IsZero() {
			return errGarbage
		}
		return nil
	})
	return at, err
}
