package sandbox

import "strings"

func addressAPIs() []api {
	return []api{
		{ns: nsTrade, name: "alibaba.trade.receiveAddress.get", lock: true, envelope: envWords("code", "message"), handle: (*Server).receiveAddresses},
		{
			ns: nsTrade, name: "alibaba.trade.addresscode.parse", required: []string{"addressInfo"}, lock: true,
			envelope: envWords("errorCode", "errorMessage"), handle: (*Server).parseAddressCode,
		},
		{ns: nsTrade, name: "trade.address.parseText", required: []string{"param"}, lock: true, envelope: envData(), handle: (*Server).parseOverseas},
		{
			ns: nsTrade, name: "alibaba.trade.OpQueryMarketingMixConfig", required: []string{"sellerMemberId|sellerLoginId"}, lock: true,
			envelope: envMix(), handle: (*Server).mixConfig,
		},
	}
}

// envWords is family B whose failure fields have the given names.
func envWords(codeField, messageField string) envelope {
	return envelope{
		good: func(p any) any { return obj{"result": p, "success": true, codeField: nil, messageField: nil} },
		bad: func(r *refusal) any {
			return obj{"result": nil, "success": false, codeField: r.code, messageField: r.message}
		},
	}
}

// envData is {"result":{"success","code","message","data"}} of parseText.
func envData() envelope {
	wrap := func(ok bool, code, message, data any) any {
		return obj{"result": obj{"success": ok, "code": code, "message": message, "data": data}}
	}
	return envelope{
		good: func(p any) any { return wrap(true, nil, nil, p) },
		bad:  func(r *refusal) any { return wrap(false, r.code, r.message, nil) },
	}
}

// envMix is family B with extErrorMessage.
func envMix() envelope {
	wrap := func(ok bool, payload, code, message any) any {
		return obj{"result": payload, "success": ok, "errorCode": code, "errorMessage": message, "extErrorMessage": message}
	}
	return envelope{
		good: func(p any) any { return wrap(true, p, nil, nil) },
		bad:  func(r *refusal) any { return wrap(false, nil, r.code, r.message) },
	}
}

func (s *Server) receiveAddresses(c *call) (any, *refusal) {
	items := []obj{}
	for _, a := range c.app.buyer.addressBook() {
		p, _ := placeOf(string(a.District))
		items = append(items, obj{
			"id": a.id, "fullName": a.FullName, "address": a.Address, "post": a.PostCode, "phone": nullable(string(a.Phone)), "mobilePhone": a.Mobile,
			"addressCode": a.District, "addressCodeText": p.text(), "isDefault": a.isDefault, "townCode": nil, "townName": nil,
		})
	}
	return obj{"receiveAddressItems": items}, nil
}

// parseAddressCode reads a Chinese address. It needs a province or a city it knows.
func (s *Server) parseAddressCode(c *call) (any, *refusal) {
	info := c.args.Get("addressInfo")
	if len([]rune(info)) > 1000 {
		return nil, refuse("400_1", "addressInfo is longer than 1000")
	}
	p, rest := parsePlace(info)
	if p.code == "" {
		return nil, refuse("500_1", "no province or city is recognised in the address")
	}
	return obj{
		"address": rest, "addressCode": p.code, "addressCodeText": p.text(), "addressId": nil, "bizType": nil, "isDefault": false, "fullName": nil,
		"latest": false, "mobile": nil, "phone": nil, "postCode": nil,
	}, nil
}

// overseas lists the countries parseText knows: the words people use, code, English name.
var overseas = []struct{ words, code, name string }{
	{"japan jp 日本", "JP", "Japan"}, {"vietnam vn 越南 viet_nam", "VN", "Vietnam"}, {"malaysia my 马来西亚", "MY", "Malaysia"},
	{"korea kr 韩国 south_korea republic_of_korea", "KR", "South Korea"}, {"thailand th 泰国", "TH", "Thailand"}, {"indonesia id 印度尼西亚 印尼", "ID", "Indonesia"},
	{"singapore sg 新加坡", "SG", "Singapore"}, {"philippines ph 菲律宾", "PH", "Philippines"}, {"russia ru 俄罗斯", "RU", "Russia"},
	{"usa us 美国 united_states", "US", "United States"}, {"taiwan tw 台湾", "TW", "Taiwan"}, {"hongkong hk 香港 hong_kong", "HK", "Hong Kong"},
}

// parseOverseas tidies the parts of an address abroad. The fields of OrderAddressParseModel are not documented; these are ours.
func (s *Server) parseOverseas(c *call) (any, *refusal) {
	var p struct{ Country, Province, City, Area text }
	if ref := c.decode("param", &p); ref != nil {
		return nil, ref
	}
	tidy := func(t text) string { return strings.Join(strings.Fields(string(t)), " ") }
	country := strings.ToLower(strings.ReplaceAll(tidy(p.Country), " ", "_"))
	if country == "" {
		return nil, refuse("400_1", "param.country is missing")
	}
	for _, part := range []text{p.Country, p.Province, p.City, p.Area} {
		if len([]rune(string(part))) > 200 {
			return nil, refuse("400_1", "param: a part is longer than 200")
		}
	}
	for _, k := range overseas {
		for _, w := range strings.Fields(k.words) {
			if w == country {
				return obj{
					"country": k.name, "countryCode": k.code, "province": nullable(tidy(p.Province)), "city": nullable(tidy(p.City)), "area": nullable(tidy(p.Area)),
					"provinceCode": nil, "cityCode": nil, "areaCode": nil, "formattedAddress": strings.Join(strings.Fields(tidy(p.Area)+" "+tidy(p.City)+" "+tidy(p.Province)+" "+k.name), " "),
				}, nil
			}
		}
	}
	return nil, refuse("500_1", "country is not supported: "+tidy(p.Country))
}

// mixConfig is the seller's mixed-batch rule. A seller without one answers generalHunpi false.
func (s *Server) mixConfig(c *call) (any, *refusal) {
	member, login := c.args.Get("sellerMemberId"), c.args.Get("sellerLoginId")
	sel, ok := s.cat.Load().sellerNamed(or(member, login))
	if !ok || login != "" && sel.login != login && sel.openID != login {
		return nil, refuse("400_1", "seller does not exist")
	}
	out := obj{
		"generalHunpi": sel.mix, "mixAmount": nil, "mixNumber": nil, "memberId": sel.memberID, "gmtCreate": stamp(catalogueEpoch), "gmtModified": stamp(catalogueEpoch),
	}
	if sel.mix {
		out["mixAmount"], out["mixNumber"] = sel.mixAmount, sel.mixNumber
	}
	return out, nil
}
