package sandbox

// The product tables. "= " opens a first-level category, "== audience styles features scenes" a second-level one, every other line is a product:
// look, size set, material group, price band in yuan, grams, unit, then its name in each language in the order of langs.
// A cell may hold several words, parted by "/": the first is shown, the others are only searched for.
const fashionTable = `
= 女装|レディース服|women's clothing|여성 의류|thời trang nữ|pakaian wanita|เสื้อผ้าผู้หญิง|pakaian wanita|женская одежда
== w f c -|女士上衣/衣服|トップス|women's tops|여성 상의|áo nữ|atasan wanita|เสื้อผู้หญิง|atasan wanita|женский верх
shirt c f 12 60 220 件|衬衫|ブラウス/シャツ|blouse/shirt|블라우스/셔츠|áo kiểu/áo sơ mi|blaus/kemeja|เสื้อเบลาส์/เสื้อเชิ้ต|blus/kemeja|блузка/рубашка
shirt c k 20 90 350 件|针织衫|ニット/セーター|knit sweater/pullover|니트/스웨터|áo len|baju sejuk|เสื้อไหมพรม|baju rajut/sweater|вязаный свитер/джемпер
tee c f 8 35 120 件|吊带背心|キャミソール/タンクトップ|camisole/tank top|캐미솔/나시|áo hai dây|kamisol|เสื้อสายเดี่ยว|kamisol/tank top|майка на бретелях/топ
shirt c k 25 110 400 件|开衫|カーディガン|cardigan|가디건|áo cardigan/áo khoác len|kardigan|เสื้อคาร์ดิแกน|kardigan|кардиган
== w f c -|裙装|ワンピース・スカート|dresses and skirts|원피스 스커트|váy đầm|gaun dan skirt|เดรสและกระโปรง|gaun dan rok|платья и юбки
dress c f 25 120 320 件|连衣裙/裙子|ワンピース/ドレス|dress|원피스/드레스|váy liền/đầm|gaun|เดรส/ชุดกระโปรง|gaun/dress|платье
skirt c f 15 70 260 条|半身裙/裙子|スカート|skirt|스커트/치마|chân váy|skirt|กระโปรง|rok|юбка
dress c f 60 320 650 件|晚礼服|イブニングドレス|evening gown|이브닝 드레스|váy dạ hội|gaun malam|ชุดราตรี|gaun malam|вечернее платье
dress c f 45 220 500 件|旗袍|チャイナドレス|cheongsam/qipao|치파오|sườn xám|cheongsam|ชุดกี่เพ้า|cheongsam|ципао
== w f c -|女裤/裤子|レディースパンツ|women's trousers|여성 바지|quần nữ|seluar wanita|กางเกงผู้หญิง|celana wanita|женские брюки
trousers c f 18 80 240 条|瑜伽裤|ヨガパンツ/レギンス|yoga pants/leggings|요가 바지/레깅스|quần yoga/legging|seluar yoga|กางเกงโยคะ/เลกกิ้ง|celana yoga/legging|штаны для йоги/легинсы
trousers c f 22 95 420 条|阔腿裤|ワイドパンツ|wide-leg trousers|와이드 팬츠|quần ống rộng|seluar kaki lebar|กางเกงขากว้าง|celana kulot|широкие брюки/палаццо
shorts c f 12 50 200 条|短裤|ショートパンツ|shorts|반바지|quần short|seluar pendek|กางเกงขาสั้น|celana pendek|шорты
== w f c -|女士外套|レディースアウター|women's outerwear|여성 아우터|áo khoác nữ|pakaian luar wanita|เสื้อคลุมผู้หญิง|pakaian luar wanita|женская верхняя одежда
coat c n 35 160 700 件|羽绒服|ダウンジャケット|down jacket/puffer|다운 재킷/패딩|áo phao|jaket bulu|เสื้อขนเป็ด|jaket bulu angsa|пуховик
coat c f 55 260 950 件|风衣|トレンチコート|trench coat|트렌치코트|áo măng tô|kot parit|เสื้อเทรนช์โค้ท|mantel panjang/trench coat|тренч/плащ
coat c k 60 300 1200 件|毛呢大衣|ウールコート|wool coat|울 코트|áo dạ|kot bulu|เสื้อโค้ทขนสัตว์|mantel wol|шерстяное пальто
coat c f 40 190 480 件|西装外套|ジャケット・ブレザー/ブレザー|blazer|블레이저|áo blazer/áo vest nữ|blazer|เสื้อเบลเซอร์|blazer|блейзер/пиджак
= 男装|メンズ服|men's clothing|남성 의류|thời trang nam|pakaian lelaki|เสื้อผ้าผู้ชาย|pakaian pria|мужская одежда
== m f c -|男士上衣|メンズトップス|men's tops|남성 상의|áo nam|atasan lelaki|เสื้อผู้ชาย|atasan pria|мужской верх
tee c f 9 45 180 件|T恤|Tシャツ|t-shirt/tee|티셔츠|áo thun/áo phông|kemeja-t/baju-t|เสื้อยืด|kaos|футболка
tee c f 16 70 230 件|polo衫|ポロシャツ|polo shirt|폴로 셔츠|áo polo|baju polo|เสื้อโปโล|kaos polo|рубашка поло
shirt c f 22 95 480 件|卫衣|パーカー/スウェット|hoodie/sweatshirt|후드티/맨투맨|áo hoodie/áo nỉ|baju hud|เสื้อฮู้ด|hoodie/sweter|худи/толстовка
shirt c f 18 85 260 件|男士衬衫|ワイシャツ|dress shirt|와이셔츠|áo sơ mi nam|kemeja lelaki|เสื้อเชิ้ตผู้ชาย|kemeja pria|мужская рубашка/сорочка
== m f c -|男裤/裤子|メンズパンツ|men's trousers|남성 바지|quần nam|seluar lelaki|กางเกงผู้ชาย|celana pria|мужские брюки
trousers c d 25 110 600 条|牛仔裤|ジーンズ/デニムパンツ|jeans|청바지|quần jean/quần bò|seluar jean|กางเกงยีนส์|celana jeans|джинсы
trousers c f 24 100 450 条|工装裤|カーゴパンツ|cargo pants|카고 바지|quần túi hộp|seluar kargo|กางเกงคาร์โก้|celana kargo|брюки карго
trousers c f 18 85 380 条|运动裤|ジョガーパンツ/スウェットパンツ|sweatpants/joggers|조거 팬츠|quần jogger/quần thể thao|seluar trek|กางเกงวอร์ม|celana jogger|спортивные штаны/джоггеры
shorts c f 12 55 220 条|沙滩裤|海水パンツ|board shorts/beach shorts|비치 팬츠|quần đi biển|seluar pantai|กางเกงชายหาด|celana pantai|пляжные шорты
== m f c -|男士外套|メンズアウター|men's outerwear|남성 아우터|áo khoác nam|pakaian luar lelaki|เสื้อคลุมผู้ชาย|pakaian luar pria|мужская верхняя одежда
coat c f 30 150 550 件|夹克|ブルゾン/ジャンパー|jacket|재킷/점퍼|áo khoác|jaket|แจ็คเก็ต|jaket|куртка
coat c l 60 320 1100 件|皮衣|レザージャケット|leather jacket|가죽 재킷|áo da|jaket kulit|แจ็คเก็ตหนัง|jaket kulit|кожаная куртка
coat c n 45 230 800 件|冲锋衣|マウンテンパーカー|windbreaker/shell jacket|바람막이|áo gió|jaket kalis angin|เสื้อกันลม|jaket gunung|ветровка
coat c f 80 420 1300 套|男士西装|スーツ|men's suit|정장|bộ com lê/vest nam|sut lelaki|ชุดสูท|setelan jas|мужской костюм
= 童装母婴|子供服・ベビー|kids and baby|유아동|trẻ em và em bé|kanak-kanak dan bayi|แม่และเด็ก|ibu dan anak|детям и малышам
== k k c -|童装/衣服|子供服|children's clothing|아동복|quần áo trẻ em|pakaian kanak-kanak|เสื้อผ้าเด็ก|pakaian anak|детская одежда
shirt k f 12 55 260 套|儿童睡衣|子供パジャマ|kids pajamas/children's sleepwear|아동 잠옷|đồ ngủ trẻ em|baju tidur kanak-kanak|ชุดนอนเด็ก|piyama anak|детская пижама
dress k f 14 60 240 条|公主裙|プリンセスドレス|princess dress|공주 드레스|váy công chúa|gaun puteri|ชุดเจ้าหญิง|gaun putri|платье принцессы
tee k f 8 35 130 件|儿童T恤|キッズTシャツ|kids t-shirt|아동 티셔츠|áo thun trẻ em|kemeja-t kanak-kanak|เสื้อยืดเด็ก|kaos anak|детская футболка
coat k n 30 130 500 件|儿童羽绒服|キッズダウンジャケット|kids down jacket|아동 패딩|áo phao trẻ em|jaket bulu kanak-kanak|เสื้อขนเป็ดเด็ก|jaket bulu anak|детский пуховик
== b k q -|婴儿用品|ベビー用品|baby products|유아용품|đồ sơ sinh|barangan bayi|ของใช้เด็กอ่อน|perlengkapan bayi|товары для малышей
romper b f 10 45 150 件|婴儿连体衣|ベビーロンパース|baby romper/bodysuit|아기 우주복|áo liền quần em bé|romper bayi|ชุดหมีเด็กทารก|jumper bayi/romper bayi|комбинезон для малыша/боди
baby v p 8 45 120 个|奶瓶|哺乳瓶|baby bottle|젖병|bình sữa|botol susu|ขวดนม|botol susu|детская бутылочка
baby o r 2 15 60 个|婴儿围兜|よだれかけ/スタイ|baby bib|턱받이|yếm ăn dặm|bib bayi|ผ้ากันเปื้อนเด็ก|celemek bayi|детский слюнявчик
stroller o m 120 520 6500 辆|婴儿推车|ベビーカー|stroller/pushchair|유모차|xe đẩy em bé|kereta sorong bayi|รถเข็นเด็ก|kereta dorong bayi/stroller|детская коляска
blanket o h 15 70 400 条|婴儿抱被|おくるみ|swaddle blanket|속싸개|chăn quấn em bé|selimut bayi|ผ้าห่อตัวเด็ก|selimut bedong|пелёнка-кокон
== w f q -|孕妇用品|マタニティ|maternity|임산부 용품|đồ bầu|barangan ibu mengandung|ของใช้คุณแม่|perlengkapan ibu hamil|товары для мам
dress c f 22 95 320 件|孕妇裙|マタニティワンピース|maternity dress|임부복 원피스|váy bầu|gaun ibu mengandung|ชุดคลุมท้อง|gaun hamil|платье для беременных
handbag o g 28 130 700 个|妈咪包|マザーズバッグ|diaper bag|기저귀 가방|túi bỉm sữa|beg lampin|กระเป๋าคุณแม่|tas popok/diaper bag|сумка для мамы
pillow o h 25 110 1100 个|孕妇枕|抱き枕|pregnancy pillow|임산부 베개|gối bà bầu|bantal ibu mengandung|หมอนคนท้อง|bantal hamil|подушка для беременных
= 内衣服饰配件|インナー・小物|underwear and accessories|언더웨어 잡화|đồ lót và phụ kiện|pakaian dalam dan aksesori|ชุดชั้นในและเครื่องแต่งกาย|pakaian dalam dan aksesori|бельё и аксессуары
== a f c -|内衣|下着|underwear|속옷|đồ lót|pakaian dalam|ชุดชั้นใน|pakaian dalam|нижнее бельё
briefs c f 3 15 50 条|内裤|ボクサーパンツ|boxer briefs/underpants|사각팬티/팬티|quần lót|seluar dalam|กางเกงใน|celana dalam|трусы/боксеры
bra c f 9 45 100 件|文胸|ブラジャー|bra|브래지어|áo ngực|coli|เสื้อชั้นใน/บรา|bra/BH|бюстгальтер
shirt c f 20 85 380 套|睡衣|パジャマ|pajamas/sleepwear|잠옷/파자마|đồ ngủ|baju tidur|ชุดนอน|piyama|пижама
tee c k 15 70 260 套|保暖内衣|あったかインナー|thermal underwear|내복|đồ lót giữ nhiệt|pakaian dalam terma|ชุดชั้นในกันหนาว|pakaian dalam termal|термобельё
== a f c -|袜子|靴下|socks|양말류|tất vớ|stoking|ถุงเท้า|kaus kaki|носки и чулки
sock o f 1 9 45 双|中筒袜|クルーソックス|crew socks|중목 양말|tất cổ trung|stokin betis|ถุงเท้าข้อกลาง|kaus kaki sedang|высокие носки
sock o f 1 6 25 双|船袜|フットカバー|no-show socks|덧신|tất lười|stokin pendek|ถุงเท้าข้อสั้น|kaus kaki pendek|подследники
sock o n 3 15 70 条|丝袜|ストッキング|tights/stockings|스타킹|quần tất|sarung kaki nilon|ถุงน่อง|stoking|колготки/чулки
== a f c -|服饰配件|ファッション小物|fashion accessories|패션 소품|phụ kiện thời trang|aksesori fesyen|เครื่องประดับแฟชั่น|aksesori fesyen|модные аксессуары
hat o f 5 40 90 顶|棒球帽/帽子|キャップ|baseball cap|야구 모자|mũ lưỡi trai|topi besbol|หมวกแก๊ป|topi bisbol|бейсболка
hat o f 6 45 110 顶|渔夫帽/帽子|バケットハット|bucket hat|벙거지 모자/버킷햇|mũ bucket|topi baldi|หมวกบักเก็ต|topi ember/bucket hat|панама
hat o k 4 30 100 顶|毛线帽/帽子|ニット帽|beanie|비니|mũ len|topi kait|หมวกไหมพรม|kupluk|вязаная шапка
scarf o k 8 60 180 条|围巾|マフラー/ストール|scarf|목도리/스카프|khăn quàng cổ|selendang/skaf|ผ้าพันคอ|syal|шарф
glove o k 3 25 70 双|手套|手袋|gloves|장갑|găng tay|sarung tangan|ถุงมือ|sarung tangan|перчатки
belt l l 5 50 160 条|皮带|ベルト|belt|벨트|thắt lưng|tali pinggang|เข็มขัด|ikat pinggang|ремень
tie o n 4 30 60 条|领带|ネクタイ|necktie|넥타이|cà vạt|tali leher|เนกไท|dasi|галстук
= 鞋靴/鞋子|靴|shoes|신발|giày dép|kasut|รองเท้า|sepatu|обувь
== w f s -|女鞋|レディースシューズ|women's shoes|여성화|giày nữ|kasut wanita|รองเท้าผู้หญิง|sepatu wanita|женская обувь
heel s s 28 130 620 双|高跟鞋|ハイヒール/パンプス|high heels/pumps|하이힐|giày cao gót|kasut tumit tinggi|รองเท้าส้นสูง|sepatu hak tinggi|туфли на каблуке
sandal s s 18 80 420 双|凉鞋|サンダル|sandals|샌들|dép quai hậu/xăng đan|sandal|รองเท้าแตะรัดส้น|sandal|сандалии/босоножки
sneaker s s 20 90 450 双|平底单鞋|フラットシューズ|flats/ballet flats|플랫슈즈|giày bệt|kasut rata|รองเท้าส้นแบน|sepatu flat|балетки
boot s s 35 180 900 双|马丁靴|マーチンブーツ/ブーツ|combat boots/martin boots|워커 부츠|giày bốt|but|รองเท้าบูท|sepatu bot|ботинки/мартинсы
== m f s -|男鞋|メンズシューズ|men's shoes|남성화|giày nam|kasut lelaki|รองเท้าผู้ชาย|sepatu pria|мужская обувь
sneaker m s 25 130 700 双|运动鞋|スニーカー/運動靴|sneakers/trainers|운동화/스니커즈|giày thể thao|kasut sukan|รองเท้าผ้าใบ|sepatu kets/sneakers|кроссовки
sneaker m l 40 220 850 双|皮鞋|革靴/ビジネスシューズ|dress shoes/oxfords|구두|giày tây/giày da|kasut kulit|รองเท้าหนัง|sepatu kulit/pantofel|туфли/полуботинки
sneaker m s 22 110 600 双|豆豆鞋|ドライビングシューズ|driving loafers/loafers|로퍼|giày lười|kasut lofer|รองเท้าโลฟเฟอร์|sepatu loafer|мокасины/лоферы
boot m s 45 230 1200 双|登山鞋|登山靴/トレッキングシューズ|hiking boots|등산화|giày leo núi|kasut mendaki|รองเท้าเดินป่า|sepatu gunung|треккинговые ботинки
== a k s -|拖鞋雨鞋|スリッパ・レインブーツ|slippers and rain boots|슬리퍼 장화|dép và ủng|selipar dan but hujan|รองเท้าแตะและบูทกันฝน|sandal dan sepatu hujan|тапочки и резиновая обувь
sandal s r 5 25 300 双|拖鞋|スリッパ|slippers|슬리퍼|dép đi trong nhà/dép lê|selipar|รองเท้าแตะ|sandal jepit|тапочки
sandal s h 8 35 260 双|棉拖鞋|ルームシューズ|plush house slippers|털 슬리퍼|dép bông đi trong nhà|selipar berbulu|รองเท้าใส่ในบ้านขนนุ่ม|sandal rumah berbulu|меховые тапочки
boot s r 12 60 900 双|雨靴|レインブーツ/長靴|rain boots|장화|ủng đi mưa|but hujan|รองเท้าบูทกันฝน|sepatu bot hujan|резиновые сапоги
sneaker k s 18 85 380 双|儿童运动鞋|キッズスニーカー|kids sneakers|아동 운동화|giày thể thao trẻ em|kasut sukan kanak-kanak|รองเท้าผ้าใบเด็ก|sepatu kets anak|детские кроссовки
= 箱包/包包|バッグ|bags and luggage|가방|túi xách và vali|beg|กระเป๋า|tas dan koper|сумки и чемоданы
== w f b -|女包/包包|レディースバッグ|women's bags|여성 가방|túi xách nữ|beg wanita|กระเป๋าผู้หญิง|tas wanita|женские сумки
handbag o g 15 90 600 个|手提包|ハンドバッグ|handbag|핸드백|túi xách tay|beg tangan|กระเป๋าถือ|tas tangan|сумочка/дамская сумка
handbag o g 14 85 450 个|斜挎包|ショルダーバッグ|crossbody bag/shoulder bag|크로스백/숄더백|túi đeo chéo|beg silang|กระเป๋าสะพายข้าง|tas selempang|сумка через плечо
handbag o g 5 30 200 个|帆布袋|トートバッグ|tote bag|에코백/토트백|túi tote|beg tote|ถุงผ้า|tas jinjing/tote bag|сумка-шопер
pouch o g 3 25 120 个|化妆包|化粧ポーチ|makeup bag/cosmetic pouch|화장품 파우치|túi đựng mỹ phẩm|beg solek|กระเป๋าเครื่องสำอาง|tas kosmetik|косметичка
== a f b u|背包|バックパック|backpacks|배낭류|ba lô|beg galas|เป้สะพาย|tas ransel|рюкзаки
backpack o g 20 120 750 个|双肩包/背包|リュック/リュックサック|backpack/rucksack|백팩|ba lô thời trang/balo|beg galas belakang|กระเป๋าเป้|ransel|рюкзак
backpack o g 25 110 850 个|书包|通学リュック/ランドセル|school bag|책가방|cặp sách|beg sekolah|กระเป๋านักเรียน|tas sekolah|школьный рюкзак
backpack o g 40 200 1100 个|电脑包|パソコンリュック|laptop backpack|노트북 백팩|ba lô laptop|beg komputer riba|กระเป๋าใส่โน้ตบุ๊ก|tas laptop|рюкзак для ноутбука
backpack o g 45 260 1400 个|登山包|登山リュック|hiking backpack|등산 배낭|ba lô leo núi|beg mendaki|เป้เดินป่า|tas gunung/carrier|туристический рюкзак
== a f b u|旅行箱包|トラベルバッグ|luggage|여행 가방류|đồ du lịch|bagasi|กระเป๋าเดินทางและอุปกรณ์|perlengkapan bepergian|багаж
suitcase z p 60 260 3200 个|行李箱|スーツケース/キャリーケース|suitcase/trolley case|캐리어/여행 가방|vali/va li kéo|beg bagasi|กระเป๋าเดินทาง|koper|чемодан
handbag o g 18 95 700 个|旅行包|ボストンバッグ|travel duffel bag|보스턴백|túi du lịch|beg pengembaraan|กระเป๋าเดินทางใบใหญ่|tas travel|дорожная сумка
pouch o g 4 28 200 套|旅行收纳袋|トラベルポーチ|packing cubes/travel organizer|여행용 파우치|túi chia đồ du lịch|beg penyusun perjalanan|กระเป๋าจัดระเบียบเดินทาง|tas organizer travel|органайзер для путешествий
== m f b -|钱包卡包|財布・カードケース|wallets|지갑류|ví|dompet|กระเป๋าเงิน|dompet|кошельки
wallet o l 8 50 120 个|钱包|財布/ウォレット|wallet/purse|지갑|ví/bóp|dompet lipat|กระเป๋าสตางค์|dompet lipat|кошелёк/портмоне
wallet o l 4 30 60 个|卡包|カードケース|card holder|카드 지갑|ví đựng thẻ|pemegang kad|ซองใส่บัตร|tempat kartu|картхолдер
pouch o g 10 60 250 个|腰包|ウエストポーチ|waist bag/fanny pack|허리 가방|túi đeo hông|beg pinggang|กระเป๋าคาดเอว|tas pinggang|поясная сумка
`
