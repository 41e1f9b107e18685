package apptest

import (
	"context"
	"net/url"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	ownMark = "entrepot:apptest" // says that a database is taken
	ownFor  = 10 * time.Minute   // a killed test gives its database back after this
)

// ownRedis takes an empty database of the test server, other than the one the suites of other packages use, for this
// test alone. It is emptied and given back when the test ends.
func ownRedis(t testing.TB) (*redis.Client, string) {
	t.Helper()
	raw := os.Getenv(RedisVar)
	o, err := redis.ParseURL(raw)
	require.NoError(t, err, RedisVar)
	u, err := url.Parse(raw)
	require.NoError(t, err)
	for db := 15; db > 0; db-- {
		if db == o.DB {
			continue
		}
		own := *o
		own.DB = db
		client := redis.NewClient(&own)
		if take(t, client) {
			t.Cleanup(func() { giveBack(t, client) })
			u.Path = "/" + strconv.Itoa(db)
			return client, u.String()
		}
		require.NoError(t, client.Close())
	}
	require.Fail(t, "no empty Redis database between 1 and 15")
	return nil, ""
}

func take(t testing.TB, client *redis.Client) bool {
	t.Helper()
	mine, err := client.SetNX(t.Context(), ownMark, "1", ownFor).Result()
	require.NoError(t, err)
	if !mine {
		return false
	}
	keys, err := client.DBSize(t.Context()).Result()
	require.NoError(t, err)
	if keys == 1 {
		return true
	}
	require.NoError(t, client.Del(t.Context(), ownMark).Err())
	return false
}

func giveBack(t testing.TB, client *redis.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	assert.NoError(t, client.FlushDB(ctx).Err())
	assert.NoError(t, client.Close())
}
