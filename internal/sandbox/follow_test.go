package sandbox

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	followAPI   = "com.alibaba.fenxiao.crossborder/product.kjdistribute.addRelation"
	unfollowAPI = "com.alibaba.fenxiao.crossborder/product.kjdistribute.removeRelation"
)

func TestFollow(t *testing.T) {
	dir := t.TempDir()
	var id int64
	t.Run("first life", func(t *testing.T) {
		f := start(t, Options{Offers: 60, Dir: dir})
		o, _ := f.pickOffer(plainOffer)
		id = o.id
		for range 2 { // idempotent
			a := f.call(followAPI, map[string]string{"offerId": itoa(id)})
			assert.Equal(t, true, at(t, a, "result", "success"))
			assert.NotEmpty(t, at(t, a, "result", "traceId"))
		}
		other := f.srv.cat.Load().offers[o.idx+1].id
		f.call(followAPI, map[string]string{"offerId": itoa(other)})
		f.call(unfollowAPI, map[string]string{"offerId": itoa(other)})
		f.srv.mu.Lock()
		defer f.srv.mu.Unlock()
		assert.True(t, f.srv.follows(DemoKey, id))
		assert.False(t, f.srv.follows(DemoKey, other))
		assert.False(t, f.srv.follows("someone", id))
	})
	for _, life := range []string{"from the lines", "from the snapshot"} {
		s, err := New(Options{Offers: 60, Dir: dir})
		require.NoError(t, err)
		assert.True(t, s.follows(DemoKey, id), life)
		assert.Len(t, s.followed[DemoKey], 1, life)
		require.NoError(t, s.Close())
	}
}

func TestFollowRefusals(t *testing.T) {
	f := start(t, Options{Offers: 60})
	gone := &f.srv.cat.Load().offers[11]
	require.NotZero(t, gone.traits&delisted)
	for _, bad := range []string{"x", "1", "99999999999999999999", itoa(gone.id), "null", "[1]"} {
		a := f.call(followAPI, map[string]string{"offerId": bad})
		assert.Equal(t, false, at(t, a, "result", "success"), bad)
		assert.NotEmpty(t, at(t, a, "result", "msg"), bad)
	}
	for _, api := range []string{followAPI, unfollowAPI} {
		status, body := f.raw(api, nil)
		assert.Equal(t, 400, status)
		assert.Equal(t, "gw.ParamMissing", decode(t, body)["error_code"])
	}
}

// Following needs no token, the opposite does.
func TestFollowNeedsNoToken(t *testing.T) {
	f := start(t, Options{Offers: 60})
	for api, want := range map[string]int{followAPI: 200, unfollowAPI: 401} {
		path := "param2/1/" + api + "/" + DemoKey
		res, err := http.PostForm(f.url+"/openapi/"+path, url.Values{"offerId": {"1"}, "_aop_signature": {sign(DemoSecret, path, map[string]string{"offerId": "1"})}})
		require.NoError(t, err)
		_ = res.Body.Close()
		assert.Equal(t, want, res.StatusCode, api)
	}
}
