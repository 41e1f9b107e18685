package alibaba

import "context"

var apiRegister = endpoint{namespace: "com.alibaba.fenxiao.crossborder", name: "account.user.register", write: true}

// CountryAccount announces an overseas member. Email or Mobile must be there, MobileArea with Mobile.
type CountryAccount struct {
	Country     string // country name in lower-case English, "japan"
	Site        string // site code agreed with 1688, at most 16 characters
	LoginName   string // outLoginId (cross-border, <= 60) or outLoginName (national site, <= 32)
	OutMemberID string // our member, <= 60
	Email       string
	Mobile      string
	MobileArea  string // "JP"
	IP          string // the member's own address
}

// Register announces an overseas member; success AND result must be true. Repeating it is harmless as far as documented.
// 1688 API: com.alibaba.fenxiao.crossborder:account.user.register-1.
func (c *Client) Register(ctx context.Context, a CountryAccount) error {
	wire := struct {
		Country      string `json:"country"`
		Site         string `json:"site"`
		OutLoginID   string `json:"outLoginId,omitempty"`
		OutLoginName string `json:"outLoginName,omitempty"`
		OutMemberID  string `json:"outMemberId"`
		Email        string `json:"email,omitempty"`
		Mobile       string `json:"mobile,omitempty"`
		MobileArea   string `json:"mobileArea,omitempty"`
		IP           string `json:"ip"`
	}{Country: a.Country, Site: a.Site, OutLoginID: a.LoginName, OutMemberID: a.OutMemberID, Email: a.Email,
		Mobile: a.Mobile, MobileArea: a.MobileArea, IP: a.IP}
	if c.national {
		wire.OutLoginID, wire.OutLoginName = "", a.LoginName
	}
	_, err := c.callJSON(ctx, &apiRegister, "countryAccount", wire, registered)
	return err
}

// registered wants success and result. The seed puts result beside data, so it goes before the payload.
func registered(body []byte) error {
	at, err := openLevel(body)
	if err != nil {
		return err
	}
	raw := at.Result
	if !present(raw) {
		raw = at.Data
	}
	var result verdictBool
	if !present(raw) || decode(raw, &result) != nil || result == unset {
		return errGarbage
	}
	if result == no {
		return rejection(at.code(), at.message())
	}
	return nil
}
