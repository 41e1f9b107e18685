package app

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"sort"
	"strings"
	"time"

	"entrepot/internal/order"
	"entrepot/internal/search"
	"entrepot/internal/site"

	"github.com/caarlos0/env/v11"
	"github.com/goccy/go-yaml"
)

// Default secrets of the embedded mode. They are public, so production refuses them.
const (
	demoTokenSecret   = "entrepot-demo-token-secret-do-not-use-in-production"
	demoPaymentSecret = "whsec_ZW50cmVwb3QtZGVtby1wYXltZW50LXNlY3JldA=="
	demoAppKey        = "1000000"
	demoAppSecret     = "entrepot-demo-app-secret"
	demoAccessToken   = "entrepot-demo-access-token"
	production        = "production"
)

// Config is everything the program can be told: defaults in code, then the YAML file of ENTREPOT_CONFIG,
// then the environment. An empty address means the embedded part (architecture section 3).
type Config struct {
	Env      string `yaml:"env" env:"ENTREPOT_ENV"`
	HTTPAddr string `yaml:"httpAddr" env:"ENTREPOT_HTTP_ADDR"`
	DataDir  string `yaml:"dataDir" env:"ENTREPOT_DATA_DIR"`
	Database string `yaml:"databaseDSN" env:"ENTREPOT_DATABASE_DSN"`
	RedisURL string `yaml:"redisURL" env:"ENTREPOT_REDIS_URL"`
	LogLevel string `yaml:"logLevel" env:"ENTREPOT_LOG_LEVEL"`

	// MetricsAddr gives /metrics a listener of its own; without one it is served on HTTPAddr, except in production.
	MetricsAddr string `yaml:"metricsAddr" env:"ENTREPOT_METRICS_ADDR"`
	// TrustedProxies lists networks whose X-Forwarded-For is believed (1688 wants the member's real IP).
	TrustedProxies []string `yaml:"trustedProxies" env:"ENTREPOT_TRUSTED_PROXIES"`
	// RateLimit is requests per second for one site key from one address; 0 = no limit.
	RateLimit int `yaml:"rateLimit" env:"ENTREPOT_RATE_LIMIT"`

	// ImageHosts are the hosts imageAddress of the picture search may name, exactly; empty = 1688's own picture hosts.
	ImageHosts []string `yaml:"imageHosts" env:"ENTREPOT_IMAGE_HOSTS"`

	TokenSecret        string `yaml:"tokenSecret" env:"ENTREPOT_TOKEN_SECRET"`
	PaymentSecret      string `yaml:"paymentSecret" env:"ENTREPOT_PAYMENT_WEBHOOK_SECRET"`
	FirstStaffPassword string `yaml:"firstStaffPassword" env:"ENTREPOT_FIRST_STAFF_PASSWORD"`

	Alibaba AlibabaConfig `yaml:"alibaba"`
	Sandbox SandboxConfig `yaml:"sandbox"`
	Order   OrderConfig   `yaml:"order"`

	Catalogue CatalogueConfig `yaml:"catalogue"`

	// SiteKeys maps publishable keys to site codes ("key:japan,key2:korea" in the environment).
	SiteKeys map[string]string `yaml:"siteKeys" env:"ENTREPOT_SITE_KEYS"`
	// Rates are manual exchange rates, currency -> units per 1 CNY; without them the built-in demo rates apply.
	Rates map[string]string `yaml:"rates" env:"ENTREPOT_RATES"`
	// Queue names the queue in Redis, so that several installations can share one.
	Queue string `yaml:"queue" env:"ENTREPOT_QUEUE"`
	// Workers is how many tasks run at once.
	Workers int `yaml:"workers" env:"ENTREPOT_WORKERS"`
	// SweepInterval is how often 1688's order list is asked for changes no message told us.
	SweepInterval time.Duration `yaml:"sweepInterval" env:"ENTREPOT_SWEEP_INTERVAL"`
	// JobLease is how long a task may be silent before another worker takes it.
	JobLease time.Duration `yaml:"jobLease" env:"ENTREPOT_JOB_LEASE"`
}

// AlibabaConfig says how to reach 1688.
type AlibabaConfig struct {
	URL          string `yaml:"url" env:"ENTREPOT_ALIBABA_URL"`
	AppKey       string `yaml:"appKey" env:"ENTREPOT_ALIBABA_APP_KEY"`
	AppSecret    string `yaml:"appSecret" env:"ENTREPOT_ALIBABA_APP_SECRET"`
	AppSecret2   string `yaml:"appSecret2" env:"ENTREPOT_ALIBABA_APP_SECRET_2"`
	AccessToken  string `yaml:"accessToken" env:"ENTREPOT_ALIBABA_ACCESS_TOKEN"`
	RefreshToken string `yaml:"refreshToken" env:"ENTREPOT_ALIBABA_REFRESH_TOKEN"`
	Profile      string `yaml:"profile" env:"ENTREPOT_ALIBABA_PROFILE"`
	// Rate is the calls per second all processes together may make; 0 = no limit (the sandbox).
	Rate    int           `yaml:"rate" env:"ENTREPOT_ALIBABA_RATE"`
	Timeout time.Duration `yaml:"timeout" env:"ENTREPOT_ALIBABA_TIMEOUT"`
	// MethodRates are lower limits for single methods ("product.search.imageQuery:3"), within Rate.
	MethodRates map[string]int `yaml:"methodRates" env:"ENTREPOT_ALIBABA_METHOD_RATES"`
	// ShopperWait is how long a shopper's call waits for its place in Rate before it is refused.
	ShopperWait time.Duration `yaml:"shopperWait" env:"ENTREPOT_ALIBABA_SHOPPER_WAIT"`
	// ShopperTimeout is how long a read of the catalogue may take while a shopper waits; Timeout bounds it.
	ShopperTimeout time.Duration `yaml:"shopperTimeout" env:"ENTREPOT_ALIBABA_SHOPPER_TIMEOUT"`
}

// SandboxConfig shapes the embedded simulated 1688.
type SandboxConfig struct {
	Addr   string `yaml:"addr" env:"ENTREPOT_SANDBOX_ADDR"`
	Seed   int64  `yaml:"seed" env:"ENTREPOT_SANDBOX_SEED"`
	Offers int    `yaml:"offers" env:"ENTREPOT_SANDBOX_OFFERS"`
	Apps   string `yaml:"apps" env:"ENTREPOT_SANDBOX_APPS"`
}

// OrderConfig holds the operator's rules for buying at 1688.
type OrderConfig struct {
	// Trigger overrides when orders are bought: on_paid, on_submit or manual; empty = what the site says.
	Trigger string `yaml:"trigger" env:"ENTREPOT_ORDER_TRIGGER"`
	// PayMode is auto (password-free payment) or manual (staff pay at 1688).
	PayMode string `yaml:"payMode" env:"ENTREPOT_ALIBABA_PAY"`
	// TolerancePercent is how far 1688's total may exceed the quote before the member is asked.
	TolerancePercent int `yaml:"tolerancePercent" env:"ENTREPOT_PRICE_TOLERANCE_PERCENT"`
	// PayWithin is how long a member may take to pay.
	PayWithin time.Duration `yaml:"payWithin" env:"ENTREPOT_PAY_WITHIN"`
	// Settle is how long after a lost answer a look-up at 1688 counts as proof of absence.
	Settle time.Duration `yaml:"settle" env:"ENTREPOT_PURCHASE_SETTLE"`
	// QuoteAge is how old a price may be when an order is bought; an older one is asked for again. 0 = never.
	QuoteAge time.Duration `yaml:"quoteAge" env:"ENTREPOT_QUOTE_AGE"`
	// ApproveWithin is how long a member may take to answer a new price.
	ApproveWithin time.Duration `yaml:"approveWithin" env:"ENTREPOT_APPROVE_WITHIN"`
	// Buying overrides what the sites do about goods that do not come or come at another price.
	Buying site.Buying `yaml:"buying"`
	// Warehouse is where 1688's sellers ship to.
	Warehouse order.Warehouse `yaml:"warehouse"`
}

// CatalogueConfig says how long answers about products are kept, and how many.
type CatalogueConfig struct {
	// Fresh is how long searches and products are shown without asking 1688 again.
	Fresh time.Duration `yaml:"fresh" env:"ENTREPOT_CATALOGUE_FRESH"`
	// Stale is how old an answer may be that stands in while 1688 is away.
	Stale time.Duration `yaml:"stale" env:"ENTREPOT_CATALOGUE_STALE"`
	// CacheMB is the memory of each process for them, in MiB.
	CacheMB int `yaml:"cacheMB" env:"ENTREPOT_CATALOGUE_CACHE_MB"`
}

// Load reads the configuration of a process. getenv is injected so that tests need no process environment.
func Load(getenv func(string) string) (Config, error) {
	cfg := defaults()
	if path := getenv("ENTREPOT_CONFIG"); path != "" {
		raw, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("ENTREPOT_CONFIG: %w", err)
		}
		if err := yaml.UnmarshalWithOptions(raw, &cfg, yaml.Strict()); err != nil {
			return Config{}, fmt.Errorf("ENTREPOT_CONFIG: %s", yaml.FormatError(err, false, false))
		}
	}
	if err := env.ParseWithOptions(&cfg, env.Options{Environment: environment(getenv)}); err != nil {
		return Config{}, err
	}
	cfg.fillEmbedded()
	return cfg, cfg.Validate()
}

func defaults() Config {
	return Config{
		HTTPAddr: ":8080", DataDir: "./data", LogLevel: "info", RateLimit: 500, Workers: 16,
		SweepInterval: 30 * time.Second, JobLease: 15 * time.Second,
		Alibaba:   AlibabaConfig{Profile: "crossborder", Rate: 10, Timeout: 10 * time.Second, ShopperWait: time.Second, ShopperTimeout: 3 * time.Second},
		Sandbox:   SandboxConfig{Addr: "127.0.0.1:8688", Seed: 1688, Offers: 20_000},
		Catalogue: CatalogueConfig{Fresh: time.Minute, Stale: 24 * time.Hour, CacheMB: 64},
		Order: OrderConfig{PayMode: "auto", TolerancePercent: 1, PayWithin: 24 * time.Hour, Settle: 10 * time.Second, QuoteAge: 10 * time.Minute, ApproveWithin: 6 * time.Hour,
			Warehouse: order.DemoWarehouse},
	}
}

// environment lists the variables env may read, asked one by one so that getenv stays the only source.
func environment(getenv func(string) string) map[string]string {
	m := map[string]string{}
	for _, name := range Variables() {
		if v := getenv(name); v != "" {
			m[name] = v
		}
	}
	return m
}

// Variables lists every environment variable the program reads, sorted.
func Variables() []string {
	params, err := env.GetFieldParams(&Config{})
	if err != nil {
		panic(err) // a wrong struct tag: programmer error
	}
	names := []string{"ENTREPOT_CONFIG"}
	for _, p := range params {
		if p.Key != "" {
			names = append(names, p.Key)
		}
	}
	sort.Strings(names)
	return names
}

// fillEmbedded gives each missing address its embedded stand-in's settings, outside production only.
func (c *Config) fillEmbedded() {
	if c.Env == production {
		return
	}
	set := func(p *string, v string) {
		if *p == "" {
			*p = v
		}
	}
	set(&c.TokenSecret, demoTokenSecret)
	set(&c.PaymentSecret, demoPaymentSecret)
	if c.Alibaba.URL == "" {
		set(&c.Alibaba.AppKey, demoAppKey)
		set(&c.Alibaba.AppSecret, demoAppSecret)
		set(&c.Alibaba.AccessToken, demoAccessToken)
		set(&c.Sandbox.Apps, c.Alibaba.AppKey+":"+c.Alibaba.AppSecret+":"+c.Alibaba.AccessToken)
		c.Alibaba.Rate = 0
	}
	if len(c.SiteKeys) == 0 {
		c.SiteKeys = map[string]string{
			"demo-japan": "japan", "demo-vietnam": "vietnam", "demo-malaysia": "malaysia", "demo-korea": "korea",
		}
	}
}

// imageHost is a name that is no address: letters in its last label.
var imageHost = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$`)

// Validate joins every problem; each names its variable and never a value.
func (c Config) Validate() error {
	var errs []error
	bad := func(name, why string) { errs = append(errs, fmt.Errorf("%s: %s", name, why)) }
	if c.Env == production {
		errs = append(errs, c.productionProblems()...)
	} else if c.Env != "" && c.Env != "development" {
		bad("ENTREPOT_ENV", "must be production, development or empty")
	}
	if _, _, err := net.SplitHostPort(c.HTTPAddr); err != nil {
		bad("ENTREPOT_HTTP_ADDR", "is not host:port")
	}
	if c.RedisURL != "" {
		if u, err := url.Parse(c.RedisURL); err != nil || u.Host == "" || !strings.HasPrefix(u.Scheme, "redis") {
			bad("ENTREPOT_REDIS_URL", "is not redis://host:port/db")
		}
	}
	if c.Alibaba.URL != "" {
		if u, err := url.Parse(c.Alibaba.URL); err != nil || u.Host == "" {
			bad("ENTREPOT_ALIBABA_URL", "is not a URL up to /openapi")
		}
		for name, v := range map[string]string{"ENTREPOT_ALIBABA_APP_KEY": c.Alibaba.AppKey, "ENTREPOT_ALIBABA_APP_SECRET": c.Alibaba.AppSecret} {
			if v == "" {
				bad(name, "is needed with ENTREPOT_ALIBABA_URL")
			}
		}
	}
	if p := c.Alibaba.Profile; p != "crossborder" && p != "national-site" {
		bad("ENTREPOT_ALIBABA_PROFILE", "must be crossborder or national-site")
	}
	errs = append(errs, c.Alibaba.limitProblems()...)
	for _, host := range c.ImageHosts {
		if !imageHost.MatchString(host) {
			bad("ENTREPOT_IMAGE_HOSTS", "must be names of hosts in lower case, such as img.alicdn.com, without port or address")
			break
		}
	}
	if t := c.Order.Trigger; t != "" && t != order.OnPaid && t != order.OnSubmit && t != order.Manual {
		bad("ENTREPOT_ORDER_TRIGGER", "must be on_paid, on_submit or manual")
	}
	if !c.Order.Buying.Valid() {
		bad("ENTREPOT_SHORTAGE, ENTREPOT_PRICE_EXTRA, ENTREPOT_PRICE_CUT", "must be staff or refund, ask or absorb, keep or refund")
	}
	if c.Order.QuoteAge < 0 || c.Order.ApproveWithin < time.Minute {
		bad("ENTREPOT_QUOTE_AGE, ENTREPOT_APPROVE_WITHIN", "must be 0 or more, and 1m or more")
	}
	if !c.Order.codesFit() {
		bad("ENTREPOT_WAREHOUSE_PROVINCE_CODE, _CITY_CODE, _DISTRICT_CODE", "want six digits each, all three or none")
	}
	if m := c.Order.PayMode; m != "auto" && m != "manual" {
		bad("ENTREPOT_ALIBABA_PAY", "must be auto or manual")
	}
	if f := c.Catalogue.Fresh; f < time.Second || f > c.Catalogue.Stale {
		bad("ENTREPOT_CATALOGUE_FRESH", "must be 1s or more, and not above ENTREPOT_CATALOGUE_STALE")
	}
	if n := c.Catalogue.CacheMB; n < 1 || n > 1<<20 {
		bad("ENTREPOT_CATALOGUE_CACHE_MB", "must be 1 to 1048576")
	}
	if len(c.TokenSecret) < 32 {
		bad("ENTREPOT_TOKEN_SECRET", "needs at least 32 characters")
	}
	sort.Slice(errs, func(i, j int) bool { return errs[i].Error() < errs[j].Error() })
	return errors.Join(errs...)
}

var areaCode = regexp.MustCompile(`^[1-9][0-9]{5}$`)

// codesFit checks the warehouse's administrative codes.
func (o OrderConfig) codesFit() bool {
	n := 0
	for _, code := range []string{o.Warehouse.ProvinceCode, o.Warehouse.CityCode, o.Warehouse.DistrictCode} {
		if areaCode.MatchString(code) {
			n++
		} else if code != "" {
			return false
		}
	}
	return n == 0 || n == 3
}

// destination is where freight is estimated to: the warehouse. The demo warehouse's codes are not part of its address,
// because an operator who sets only the id of a saved address must not inherit them.
func (o OrderConfig) destination() search.Destination {
	if o.Warehouse == order.DemoWarehouse {
		return search.Destination{Province: "330000", City: "330200", District: "330206"} // Zhejiang, Ningbo, Beilun
	}
	return search.Destination{Province: o.Warehouse.ProvinceCode, City: o.Warehouse.CityCode, District: o.Warehouse.DistrictCode}
}

func (c Config) productionProblems() (errs []error) {
	need := func(name, value, why string) {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s: production needs it (%s)", name, why))
		}
	}
	notDemo := func(name, value, demo string) {
		if value == demo {
			errs = append(errs, fmt.Errorf("%s: production refuses the public default", name))
		}
	}
	need("ENTREPOT_DATABASE_DSN", c.Database, "no embedded SQLite")
	need("ENTREPOT_REDIS_URL", c.RedisURL, "no embedded Redis")
	need("ENTREPOT_ALIBABA_URL", c.Alibaba.URL, "no embedded sandbox")
	need("ENTREPOT_TOKEN_SECRET", c.TokenSecret, "signs access tokens")
	need("ENTREPOT_PAYMENT_WEBHOOK_SECRET", c.PaymentSecret, "proves payments")
	if len(c.SiteKeys) == 0 {
		errs = append(errs, errors.New("ENTREPOT_SITE_KEYS: production needs it (no demo keys)"))
	}
	for key := range c.SiteKeys {
		if strings.HasPrefix(key, "demo-") {
			errs = append(errs, errors.New("ENTREPOT_SITE_KEYS: production refuses demo keys"))
			break
		}
	}
	notDemo("ENTREPOT_TOKEN_SECRET", c.TokenSecret, demoTokenSecret)
	notDemo("ENTREPOT_PAYMENT_WEBHOOK_SECRET", c.PaymentSecret, demoPaymentSecret)
	notDemo("ENTREPOT_ALIBABA_APP_SECRET", c.Alibaba.AppSecret, demoAppSecret)
	notDemo("ENTREPOT_ALIBABA_ACCESS_TOKEN", c.Alibaba.AccessToken, demoAccessToken)
	if len(c.Rates) == 0 {
		errs = append(errs, errors.New("ENTREPOT_RATES: production needs exchange rates (no built-in demo rates)"))
	}
	if c.Order.Warehouse == order.DemoWarehouse {
		errs = append(errs, errors.New("order.warehouse (ENTREPOT_CONFIG) or ENTREPOT_WAREHOUSE_ADDRESS_ID: production needs the delivery address at 1688"))
	}
	if c.looksLikeSandbox() {
		errs = append(errs, errors.New("ENTREPOT_ALIBABA_URL: production refuses the sandbox"))
	}
	return errs
}

// methodName is the form of 1688's API names.
var methodName = regexp.MustCompile(`^[A-Za-z0-9]+(\.[A-Za-z0-9]+)*$`)

func (c AlibabaConfig) limitProblems() (errs []error) {
	if c.Rate < 0 {
		errs = append(errs, errors.New("ENTREPOT_ALIBABA_RATE: is negative"))
	}
	for api, n := range c.MethodRates {
		if n < 1 || !methodName.MatchString(api) {
			errs = append(errs, errors.New("ENTREPOT_ALIBABA_METHOD_RATES: wants method:calls per second, like product.search.imageQuery:3"))
			break
		}
	}
	for name, d := range map[string]time.Duration{"WAIT": c.ShopperWait, "TIMEOUT": c.ShopperTimeout} {
		if d <= 0 {
			errs = append(errs, fmt.Errorf("ENTREPOT_ALIBABA_SHOPPER_%s: must be longer than nothing", name))
		}
	}
	return errs
}

// looksLikeSandbox spots the simulator: it listens on loopback or speaks plain http; 1688 does neither.
func (c Config) looksLikeSandbox() bool {
	u, err := url.Parse(c.Alibaba.URL)
	if err != nil || c.Alibaba.URL == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme != "https" || u.Hostname() == "localhost" || (ip != nil && (ip.IsLoopback() || ip.IsPrivate()))
}

// String shows the configuration without any secret.
func (c Config) String() string {
	redact := func(s string) string {
		if s == "" {
			return "(none)"
		}
		return "(set)"
	}
	return fmt.Sprintf("env=%q http=%s data=%s database=%s redis=%s alibaba=%s appKey=%s secret=%s token=%s profile=%s sites=%d",
		c.Env, c.HTTPAddr, c.DataDir, redact(c.Database), redact(c.RedisURL), c.Alibaba.URL, c.Alibaba.AppKey,
		redact(c.Alibaba.AppSecret), redact(c.Alibaba.AccessToken), c.Alibaba.Profile, len(c.SiteKeys))
}
