package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"entrepot/internal/alibaba"

	"github.com/stretchr/testify/require"
)

// contractClient sends fixtures through our client and listens to what goes over the wire.
type contractClient struct {
	*contractTarget
	c      *alibaba.Client
	calls  map[string]contractMethod // by API
	used   []string                  // methods, in order of name
	form   url.Values                // last request
	status int
	answer []byte // last answer
}

// contractMethod turns a fixture's arguments into a typed call.
type contractMethod struct {
	name string
	call func(ctx context.Context, args map[string]string) error
}

// RoundTrip is for http.Client.
func (k *contractClient) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if k.form, err = contractForm(r, body); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Body = io.NopCloser(bytes.NewReader(body))
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	k.status = res.StatusCode
	k.answer, err = io.ReadAll(res.Body)
	_ = res.Body.Close() // read to its end
	res.Body = io.NopCloser(bytes.NewReader(k.answer))
	return res, err
}

// contractForm reads what was sent. A file is a field in base64, as the fixtures have it.
func contractForm(r *http.Request, body []byte) (url.Values, error) {
	kind, opt, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		form, err2 := url.ParseQuery(string(body))
		return form, errors.Join(err, err2)
	}
	form, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	part, err := multipart.NewReader(bytes.NewReader(body), opt["boundary"]).NextPart()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(part)
	form.Set(part.FormName(), base64.StdEncoding.EncodeToString(data))
	return form, err
}

func newContractClient(t *testing.T, g *contractTarget) *contractClient {
	t.Helper()
	k := &contractClient{contractTarget: g}
	c, err := alibaba.New(alibaba.Options{BaseURL: g.url, AppKey: g.key, AppSecret: g.secret, AccessToken: g.token, HTTP: &http.Client{Transport: k}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	k.c = c
	k.calls = k.catalogueCalls()
	maps.Copy(k.calls, k.listCalls())
	maps.Copy(k.calls, k.tradeCalls())
	maps.Copy(k.calls, k.writeBackCalls())
	maps.Copy(k.calls, k.settleCalls())
	maps.Copy(k.calls, k.payCalls())
	maps.Copy(k.calls, k.aroundCalls())
	maps.Copy(k.calls, k.refundCalls())
	maps.Copy(k.calls, k.refundQueryCalls())
	return k
}

func (k *contractClient) can(f *contractFixture) bool {
	return k.calls[f.API].call != nil && f.Fault == nil
}

// do plays a fixture through the typed method: it must work, send what the fixture says, and get the documented answer.
func (k *contractClient) do(f *contractFixture) (int, any, error) {
	args, err := k.args(f)
	if err != nil {
		return 0, nil, err
	}
	m := k.calls[f.API]
	if !slices.Contains(k.used, m.name) {
		k.used = append(k.used, m.name)
		slices.Sort(k.used)
	}
	err = m.call(k.t.Context(), args)
	answer := contractDecode(k.answer)
	if err != nil && k.status == http.StatusOK && contractText(answer, "error_code") == "" {
		return 0, nil, fmt.Errorf("%s cannot use the answer: %w; %v", m.name, err, contractShort(answer))
	}
	for name, want := range args {
		if missing := contractMissing(contractDecode([]byte(want)), contractDecode([]byte(k.form.Get(name))), name); missing != "" {
			return 0, nil, fmt.Errorf("%s does not send %s", m.name, missing)
		}
	}
	return k.status, answer, nil
}

// contractMissing names the first part of want that got lacks; got may have more.
func contractMissing(want, got any, at string) string {
	m, ok := want.(map[string]any)
	if !ok {
		if reflect.DeepEqual(want, got) {
			return ""
		}
		return fmt.Sprintf("%s %s but %s", at, contractShort(want), contractShort(got))
	}
	g, _ := got.(map[string]any)
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if out := contractMissing(m[k], g[k], at+"."+k); out != "" {
			return out
		}
	}
	return ""
}

// methods are the client's API methods: exported, with a context first.
func (k *contractClient) methods() (out []string) {
	typ := reflect.TypeFor[*alibaba.Client]()
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		if m.Type.NumIn() > 1 && m.Type.In(1) == reflect.TypeFor[context.Context]() {
			out = append(out, m.Name)
		}
	}
	return out
}

func (k *contractClient) parse(text string, into any) {
	require.NoError(k.t, json.Unmarshal([]byte(text), into), text)
}

func (k *contractClient) id(text string) alibaba.ID {
	id, err := alibaba.ParseID(text)
	require.NoError(k.t, err)
	return id
}

func (k *contractClient) catalogueCalls() map[string]contractMethod {
	const ns = "com.alibaba.fenxiao.crossborder/"
	return map[string]contractMethod{
		"system/currentTime": {"CurrentTime", func(ctx context.Context, _ map[string]string) error {
			_, err := k.c.CurrentTime(ctx)
			return err
		}},
		ns + "product.search.keywordQuery": {"KeywordQuery", func(ctx context.Context, args map[string]string) error {
			var in struct {
				Keyword             string
				BeginPage, PageSize int
				Country, Sort       string
			}
			k.parse(args["offerQueryParam"], &in)
			_, err := k.c.KeywordQuery(ctx, alibaba.KeywordQuery{Keyword: in.Keyword, BeginPage: in.BeginPage, PageSize: in.PageSize, Country: in.Country, Sort: in.Sort})
			return err
		}},
		ns + "product.search.queryProductDetail": {"ProductDetail", func(ctx context.Context, args map[string]string) error {
			var in struct {
				OfferID           alibaba.ID
				Country, Currency string
			}
			k.parse(args["offerDetailParam"], &in)
			_, err := k.c.ProductDetail(ctx, alibaba.DetailQuery{OfferID: in.OfferID, Country: in.Country, Currency: in.Currency})
			return err
		}},
		ns + "product.image.upload": {"ImageUpload", func(ctx context.Context, args map[string]string) error {
			var in struct{ ImageBase64 []byte }
			k.parse(args["uploadImageParam"], &in)
			id, err := k.c.ImageUpload(ctx, in.ImageBase64, "")
			return orNothing(err, id != "")
		}},
		ns + "product.search.imageQuery": {"ImageQuery", func(ctx context.Context, args map[string]string) error {
			var in struct {
				ImageID             string
				BeginPage, PageSize int
				Country             string
			}
			k.parse(args["offerQueryParam"], &in)
			page, err := k.c.ImageQuery(ctx, alibaba.ImageQuery{ImageID: in.ImageID, BeginPage: in.BeginPage, PageSize: in.PageSize, Country: in.Country})
			return orNothing(err, page != nil && page.Region.CurrentRegion != "")
		}},
		ns + "account.user.register": {"Register", func(ctx context.Context, args map[string]string) error {
			var in struct{ Country, Site, OutLoginID, OutMemberID, Email, Mobile, MobileArea, IP string }
			k.parse(args["countryAccount"], &in)
			return k.c.Register(ctx, alibaba.CountryAccount{
				Country: in.Country, Site: in.Site, LoginName: in.OutLoginID, OutMemberID: in.OutMemberID, Email: in.Email, Mobile: in.Mobile, MobileArea: in.MobileArea, IP: in.IP,
			})
		}},
	}
}

// listCalls are the lists, categories, freight and following.
func (k *contractClient) listCalls() map[string]contractMethod {
	const ns = "com.alibaba.fenxiao.crossborder/"
	return map[string]contractMethod{
		ns + "product.search.querySellerOfferList": {"SellerOfferList", func(ctx context.Context, args map[string]string) error {
			var in struct {
				BeginPage, PageSize   int
				SellerOpenID, Country string
			}
			k.parse(args["offerQueryParam"], &in)
			page, err := k.c.SellerOfferList(ctx, alibaba.SellerOfferQuery{BeginPage: in.BeginPage, PageSize: in.PageSize, SellerOpenID: in.SellerOpenID, CountryName: in.Country})
			return orNothing(err, page != nil && len(page.Offers) > 0 && page.Offers[0].OfferID != 0)
		}},
		ns + "product.search.offerRecommend": {"OfferRecommend", func(ctx context.Context, args map[string]string) error {
			var in struct {
				BeginPage, PageSize  int
				Country, OutMemberID string
			}
			k.parse(args["recommendOfferParam"], &in)
			list, err := k.c.OfferRecommend(ctx, alibaba.RecommendQuery{BeginPage: in.BeginPage, PageSize: in.PageSize, Language: in.Country, OutMemberID: in.OutMemberID})
			return orNothing(err, len(list) > 0 && list[0].PriceInfo.Price != "")
		}},
		ns + "product.related.recommend": {"RelatedRecommend", func(ctx context.Context, args map[string]string) error {
			var in struct {
				OfferID          alibaba.ID
				PageNo, PageSize int
				Language         string
			}
			k.parse(args["relatedQueryParams"], &in)
			list, err := k.c.RelatedRecommend(ctx, in.OfferID, in.PageNo, in.PageSize, in.Language)
			return orNothing(err, len(list) > 0 && list[0].PriceInfo.Price != "")
		}},
		ns + "product.search.topKeyword": {"TopKeyword", func(ctx context.Context, args map[string]string) error {
			var in struct {
				Country  string
				SourceID alibaba.ID
			}
			k.parse(args["topSeKeywordParam"], &in)
			list, err := k.c.TopKeyword(ctx, in.SourceID, in.Country)
			return orNothing(err, len(list) > 0 && list[0].Keyword != "")
		}},
		ns + "product.topList.query": {"TopList", func(ctx context.Context, args map[string]string) error {
			var in struct {
				RankID             alibaba.ID
				RankType, Language string
				Limit              int
			}
			k.parse(args["rankQueryParams"], &in)
			list, err := k.c.TopList(ctx, in.RankID, in.RankType, in.Limit, in.Language)
			return orNothing(err, list != nil && len(list.Offers) > 0)
		}},
		ns + "category.translation.getById": {"CategoryByID", func(ctx context.Context, args map[string]string) error {
			category, err := k.c.CategoryByID(ctx, k.id(args["categoryId"]), args["language"], "")
			return orNothing(err, category != nil && len(category.Children) > 0)
		}},
		ns + "category.translation.getByKeyword": {"CategoryByKeyword", func(ctx context.Context, args map[string]string) error {
			list, err := k.c.CategoryByKeyword(ctx, args["cateName"], args["language"])
			return orNothing(err, len(list) > 0 && list[0].ID != 0)
		}},
		ns + "product.freight.estimate": {"FreightEstimate", func(ctx context.Context, args map[string]string) error {
			var in struct {
				OfferID                                   alibaba.ID
				ToProvinceCode, ToCityCode, ToCountryCode string
				TotalNum                                  int64
				LogisticsSkuNumModels                     []alibaba.FreightItem
			}
			k.parse(args["productFreightQueryParamsNew"], &in)
			f, err := k.c.FreightEstimate(ctx, alibaba.FreightQuery{
				OfferID: in.OfferID, Province: in.ToProvinceCode, City: in.ToCityCode, District: in.ToCountryCode, Total: in.TotalNum, Items: in.LogisticsSkuNumModels,
			})
			return orNothing(err, f != nil && f.Freight != "" && f.Weight != "")
		}},
		ns + "product.filterData.queryConfig": {"FilterConfig", func(ctx context.Context, args map[string]string) error {
			groups, err := k.c.FilterConfig(ctx, args["country"], args["country"], args["outMemberId"])
			return orNothing(err, len(groups) > 0 && len(groups[0].Items) > 0)
		}},
		ns + "product.kjdistribute.addRelation": {"Follow", func(ctx context.Context, args map[string]string) error {
			return k.c.Follow(ctx, k.id(args["offerId"]))
		}},
		ns + "product.kjdistribute.removeRelation": {"Unfollow", func(ctx context.Context, args map[string]string) error {
			return k.c.Unfollow(ctx, k.id(args["offerId"]))
		}},
	}
}

// orNothing fails an answer that was read but has nothing in it.
func orNothing(err error, something bool) error {
	if err == nil && !something {
		return errors.New("nothing of the answer was understood")
	}
	return err
}

func (k *contractClient) orderRequest(args map[string]string) alibaba.OrderRequest {
	r := alibaba.OrderRequest{Flow: args["flow"], OutOrderID: args["outOrderId"]}
	k.parse(args["addressParam"], &r.Address)
	k.parse(args["cargoParamList"], &r.Cargo)
	return r
}

func (k *contractClient) tradeCalls() map[string]contractMethod {
	const ns, parcels = "com.alibaba.trade/", "com.alibaba.logistics/"
	return map[string]contractMethod{
		ns + "alibaba.createOrder.preview": {"PreviewOrder", func(ctx context.Context, args map[string]string) error {
			_, err := k.c.PreviewOrder(ctx, k.orderRequest(args))
			return err
		}},
		ns + "alibaba.trade.createCrossOrder": {"CreateCrossOrder", func(ctx context.Context, args map[string]string) error {
			_, err := k.c.CreateCrossOrder(ctx, k.orderRequest(args))
			return err
		}},
		ns + "alibaba.trade.get.buyerView": {"BuyerOrder", func(ctx context.Context, args map[string]string) error {
			o, err := k.c.BuyerOrder(ctx, k.id(args["orderId"]))
			if err == nil && o.OrderID() != k.id(args["orderId"]) {
				return fmt.Errorf("it is order %s", o.OrderID())
			}
			return err
		}},
		ns + "alibaba.trade.getBuyerOrderList": {"BuyerOrders", func(ctx context.Context, _ map[string]string) error {
			_, err := k.c.BuyerOrders(ctx, alibaba.OrderListQuery{Page: 1, PageSize: 20})
			return err
		}},
		ns + "alibaba.trade.pay.protocolPay.preparePay": {"PreparePay", func(ctx context.Context, args map[string]string) error {
			var in struct {
				OrderID                 alibaba.ID
				PayChannel, OpRequestID string
			}
			k.parse(args["tradeWithholdPreparePayParam"], &in)
			_, err := k.c.PreparePay(ctx, in.OrderID, in.PayChannel, 0, in.OpRequestID)
			return err
		}},
		parcels + "alibaba.trade.getLogisticsInfos.buyerView": {"LogisticsInfos", func(ctx context.Context, args map[string]string) error {
			_, err := k.c.LogisticsInfos(ctx, k.id(args["orderId"]))
			return err
		}},
		parcels + "alibaba.trade.getLogisticsTraceInfo.buyerView": {"LogisticsTrace", func(ctx context.Context, args map[string]string) error {
			_, err := k.c.LogisticsTrace(ctx, k.id(args["orderId"]), args["logisticsId"])
			return err
		}},
	}
}

// chinaTime reads the plain times of write-back.
func (k *contractClient) chinaTime(text string) (out time.Time) {
	if text != "" {
		var err error
		out, err = time.ParseInLocation(time.DateTime, text, time.FixedZone("", 8*3600))
		require.NoError(k.t, err)
	}
	return out
}

func (k *contractClient) writeBackCalls() map[string]contractMethod {
	const ns = "com.alibaba.fenxiao.crossborder/"
	return map[string]contractMethod{
		ns + "trade.cross.orderSync": {"SyncOrder", func(ctx context.Context, args map[string]string) error {
			var in struct {
				OrderID, OutMemberID, Status, CreateTime, PayTime string
				PaidFee                                           int64
				SubOrderParamList                                 []struct {
					OrderID, ProductID, ProductName, SkuID, SkuName string
					BuyAmount, PaidFee                              int64
				}
			}
			k.parse(args["orderParam"], &in)
			o := alibaba.OrderSync{
				OrderID: in.OrderID, OutMemberID: in.OutMemberID, Status: in.Status, CreateTime: k.chinaTime(in.CreateTime), PayTime: k.chinaTime(in.PayTime), PaidFee: in.PaidFee,
			}
			for _, s := range in.SubOrderParamList {
				o.Subs = append(o.Subs, alibaba.SyncSub{OrderID: s.OrderID, PaidFee: s.PaidFee, SyncLine: alibaba.SyncLine{
					ProductID: s.ProductID, ProductName: s.ProductName, SkuID: s.SkuID, SkuName: s.SkuName, BuyAmount: s.BuyAmount,
				}})
			}
			_, err := k.c.SyncOrder(ctx, o)
			return err
		}},
		ns + "order.relation.write": {"WriteRelation", func(ctx context.Context, args map[string]string) error {
			var in alibaba.Relation
			k.parse(args["orderRelationParam"], &in)
			var wire struct{ ParentOrderID string }
			k.parse(args["orderRelationParam"], &wire)
			_, err := k.c.WriteRelation(ctx, in)
			return err
		}},
		ns + "trade.cross.logisticsOrderSync": {"SyncLogistics", func(ctx context.Context, args map[string]string) error {
			var in struct{ OrderID, LogisticsID, LogisticsStatus, CreateTime, Province, City, Area, Address string }
			k.parse(args["orderLogisticsParam"], &in)
			_, err := k.c.SyncLogistics(ctx, alibaba.LogisticsSync{
				OrderID: in.OrderID, LogisticsID: in.LogisticsID, Status: in.LogisticsStatus, CreateTime: k.chinaTime(in.CreateTime),
				Province: in.Province, City: in.City, Area: in.Area, Address: in.Address,
			})
			return err
		}},
	}
}

func TestContractClientSends(t *testing.T) {
	want := contractJSON(t, `{"a":1,"b":{"c":"x"}}`)
	for got, missing := range map[string]string{
		`{"a":1,"b":{"c":"x","d":2},"e":3}`: "", `{"a":"1","b":{"c":"x"}}`: `p.a 1 but "1"`, `{"a":1,"b":{}}`: `p.b.c "x" but null`, `"text"`: `p.a 1 but null`,
	} {
		out := contractMissing(want, contractJSON(t, got), "p")
		if missing == "" {
			require.Empty(t, out)
		}
		require.True(t, strings.HasPrefix(out, missing), "%s: %s", got, out)
	}
}
