setup-title = برامج البريد
setup-intro = لكل جهاز كلمة مرور خاصة به، يمكنك إبطالها دون المساس بالأخرى. ما اسم الجهاز؟
setup-device = الجهاز أو البرنامج
setup-device-hint = مثل «الهاتف» أو «Thunderbird في العمل».
setup-device-empty = اكتب اسم الجهاز.
setup-too-many = لديك { $shown } من كلمات مرور الأجهزة: أبطل واحدة لم تعد تستعملها.
setup-make = إنشاء كلمة مرور
setup-made = كلمة المرور لـ { $s }
setup-once = تظهر هذه المرة فقط. انسخها إلى برنامج البريد أو امسح الرمز؛ لا حاجة إلى حفظها.
setup-scan = في Delta Chat اختر استعمال خادم آخر ثم مسح رمز، وامسح هذا الرمز. وعلى هذا الجهاز نفسه المسه.
setup-code = رمز QR لبرنامج Delta Chat
setup-profile = الحصول على ملف التعريف مع كلمة المرور هذه
setup-profile-plain = ملف تعريف دون كلمة مرور
setup-profile-why = يحمل ملف التعريف الحساب وكلمة المرور وشهادة هذه العقدة.
setup-off = هذه العقدة لا تستقبل برامج البريد الآن. اسأل من يرعاها.
setup-servers = الإعدادات
setup-address = عنوان البريد
setup-user = اسم المستخدم
setup-password = كلمة المرور
setup-password-is = التي أُنشئت هنا للجهاز، وليست التي تسجل الدخول بها
setup-host = الخادم
setup-port = المنفذ
setup-security = الأمان
setup-incoming = الوارد
setup-outgoing = الصادر
setup-first = إن ذُكر أكثر من واحد فالأول هو الأفضل.
setup-trust = شهادة العقدة صادرة عنها نفسها: تسأل البرامج عنها حتى يثق الجهاز بالعقدة.
setup-trust-link = كيف تثق بها
setup-programs = خطوة خطوة
setup-thunderbird = اختر إضافة حساب بريد، واكتب اسمك و{ $s } وكلمة المرور أعلاه. إن لم يجد Thunderbird الإعدادات بنفسه فاختر الإعداد اليدوي وانسخ الجدول. وإن حذّر من الشهادة فقارن البصمة ثم وافق.
setup-apple = افتح هذه الصفحة على الجهاز، وأنشئ كلمة مرور واحصل على ملف التعريف. ثم ثبّته: على iPhone أو iPad في الإعدادات، عام، VPN وإدارة الجهاز؛ وعلى Mac في إعدادات النظام، إدارة الأجهزة. وعلى iPhone أو iPad فعّل الشهادة أخيرًا في الإعدادات، عام، حول، إعدادات الثقة بالشهادات.
setup-android = اكتب العنوان وكلمة المرور، واختر IMAP والإعداد اليدوي، وانسخ الجدول. وحين يعرض البرنامج الشهادة قارن البصمة ثم اقبل.
setup-outlook = ثق أولًا بشهادة العقدة في Windows. ثم أضف حسابًا، واختر الإعداد اليدوي، ثم IMAP، وانسخ الجدول.
setup-delta = أنشئ كلمة مرور أعلاه وامسح الرمز: لا شيء يُكتب. ولترى بريد البرامج العادية أيضًا، أوقف في إعدادات الحساب عرض الرسائل المعمّاة وحدها.
setup-delta-ascii = يقبل Delta Chat العناوين بالحروف اللاتينية فقط. اطلب عنوانًا ثانيًا ممن يرعى هذه العقدة.
setup-mutt = احفظ شهادة العقدة باسم lampion-ca.crt في مجلدك الشخصي، وضع هذا في ‎~/.muttrc:
setup-devices = الأجهزة
setup-no-devices = لا شيء بعد.
setup-never-used = لم تُستعمل
setup-used = آخر استعمال { $s }
setup-revoke = إبطال
setup-keep = ما تحذفه البرامج
setup-keep-why = بعض البرامج تحذف الرسائل من الخادم فور جلبها. تستطيع العقدة حفظها مدة حيث لا يجدها سواك: في «المحفوظة» في المتصفح.
setup-keep-days = حفظ الرسائل المحذوفة
setup-keep-not = لا تُحفظ
setup-days = { $n ->
    [one] يوم واحد
    [two] يومان
    [few] { $shown } أيام
   *[other] { $shown } يومًا
    }
setup-dns = لمن يدير DNS
setup-dns-why = بهذه السجلات في نطاق العقدة تجد برامج البريد الإعدادات بنفسها (RFC 6186).
transfer-title = نقل البريد
transfer-jobs = الجاري والمنجز
transfer-from-server = من خادم بريد آخر
transfer-from-files = من ملفات
transfer-queued = في الانتظار
transfer-running = جارٍ
transfer-done = تمّ
transfer-ended = انتهى بمشكلة
transfer-cancelled = أُلغي
transfer-taken = { $n ->
    [one] أُخذت رسالة واحدة
    [two] أُخذت رسالتان
    [few] أُخذت { $shown } رسائل
   *[other] أُخذت { $shown } رسالة
    }
transfer-failed = { $n ->
    [one] تعذّر أخذ واحدة
   *[other] تعذّر أخذ { $shown }
    }
transfer-cancel = إلغاء
transfer-look = انظر مرة أخرى
transfer-out = خذ كل شيء معك
transfer-have = { $n ->
    [one] لديك رسالة واحدة
    [two] لديك رسالتان
    [few] لديك { $shown } رسائل
   *[other] لديك { $shown } رسالة
    }
transfer-out-why = كل صناديقك في أرشيف واحد، في أي وقت: بصيغة Maildir (مع المجلدات والعلامات والأوقات؛ يقرؤها mutt وDovecot وغيرهما) أو بصيغة mbox (ملف لكل صندوق يستورده Thunderbird وApple Mail).
transfer-server = من خادم بريد آخر
transfer-server-why = تُنسخ كل الصناديق بعلاماتها وأوقاتها. لا يتغير شيء هناك. وإن انقطع الخط تابع العمل بنفسه، وإن بدأته لاحقًا من جديد لم يؤخذ إلا الجديد.
transfer-host = الخادم (IMAP)
transfer-secure = الأمان
transfer-plain = لا شيء (في شبكة تثق بها فقط)
transfer-port = المنفذ
transfer-port-hint = فقط إن لم يكن المعتاد.
transfer-user = اسم المستخدم هناك
transfer-password = كلمة المرور هناك
transfer-password-hint = تُحفظ مختومة حتى يصل كل شيء ثم تُنسى.
transfer-trusted = بصمة شهادته
transfer-trusted-hint = فقط إن كانت الشهادة صادرة عن الخادم نفسه؛ تذكرها رسالة المشكلة.
transfer-begin = ابدأ
transfer-files = من ملفات
transfer-files-why = ملفات mbox (كما في Thunderbird) أو رسائل مفردة (‎.eml) أو ملف ‎.tar لمجلد Maildir.
transfer-mailbox = إلى هذا الصندوق
transfer-mailbox-hint = فارغ: تُسمى الصناديق بأسماء الملفات والمجلدات.
transfer-choose = الملفات
transfer-incomplete = الخادم واسم المستخدم لازمان، والمنفذ رقم.
