nav-mail = البريد
mail-inbox = الوارد
mail-drafts = المسودات
mail-sent = المرسل
mail-archive = الأرشيف
mail-junk = غير المرغوب
mail-trash = المهملات
mail-boxes = صناديق البريد
mail-folders = المجلدات
mail-settings = إعدادات البريد
mail-letters = رسائل لم تُرسل
mail-write = كتابة
mail-search = البحث في البريد
mail-search-help = يبحث في الأشخاص والمواضيع والنص كله والملفات المرفقة.
mail-search-none = لم يُعثر على شيء عن «{ $s }».
mail-me = أنا
mail-to-short = إلى: { $s }
mail-select = اختيار: { $s }
mail-unread = غير مقروءة
mail-flagged = مميزة بنجمة
mail-answered = أُجيب عنها
mail-has-file = معها ملفات
mail-no-subject = (بلا موضوع)
mail-empty = لا شيء هنا.
mail-older = الأقدم
mail-newest = الأحدث
mail-more = المزيد
mail-do-archive = أرشفة
mail-do-delete = حذف
mail-do-read = تعليم كمقروءة
mail-do-unread = تعليم كغير مقروءة
mail-do-flag = تمييز بنجمة
mail-do-unflag = إزالة النجمة
mail-do-junk = غير مرغوب فيها
mail-do-move = نقل إلى
mail-move = نقل
mail-to-inbox = إعادة إلى الوارد
mail-empty-it = حذف الكل نهائيًا
mail-empty-sure = نعم، كل ما هنا
mail-done-sent = أُرسلت.
mail-done-saved = حُفظت.
mail-sending = يجري إرسال الرسالة.
mail-undo = تراجع
mail-back = رجوع
mail-print = طباعة
mail-open-all = فتح كل الرسائل
mail-thread-cut = تظهر أحدث رسائل هذه المحادثة فقط.
mail-earlier = { $n ->
    [zero] لا رسائل أقدم
    [one] رسالة واحدة أقدم
    [two] رسالتان أقدم
    [few] { $shown } رسائل أقدم
    [many] { $shown } رسالة أقدم
   *[other] { $shown } رسالة أقدم
    }
mail-later = { $n ->
    [zero] لا رسائل أحدث
    [one] رسالة واحدة أحدث
    [two] رسالتان أحدث
    [few] { $shown } رسائل أحدث
    [many] { $shown } رسالة أحدث
   *[other] { $shown } رسالة أحدث
    }
mail-more-people = { $n ->
    [zero] لا أحد غيرهم
    [one] شخص آخر
    [two] شخصان آخران
    [few] { $shown } أشخاص آخرين
    [many] { $shown } شخصًا آخر
   *[other] { $shown } شخص آخر
    }
mail-failed-letters = { $n ->
    [zero] أُرسلت كل الرسائل.
    [one] تعذّر إرسال رسالة واحدة.
    [two] تعذّر إرسال رسالتين.
    [few] تعذّر إرسال { $shown } رسائل.
    [many] تعذّر إرسال { $shown } رسالة.
   *[other] تعذّر إرسال { $shown } رسالة.
    }
mail-signed-out = انتهت جلستك. سجّل الدخول في نافذة أخرى ثم تابع هنا: لا يضيع شيء مما كتبته.
mail-look-again = سجّلتَ الدخول من جديد في هذه الأثناء. راجع ما كتبته وأرفق الملفات مرة أخرى، ثم أرسله أو احفظه.
mail-from = من
mail-to = إلى
mail-cc = نسخة
mail-bcc = نسخة مخفية
mail-date = التاريخ
mail-subject = الموضوع
mail-text = النص
mail-files = الملفات
mail-reply = رد
mail-reply-all = رد على الجميع
mail-forward = إعادة توجيه
mail-edit = متابعة الكتابة
mail-as-text = كنص
mail-as-html = كما صُممت
mail-source = حفظ الرسالة
mail-quoted = نص مقتبس
mail-text-cut = للنص بقية: احفظ الرسالة لتقرأها كلها.
mail-frame = رسالة { $s }
mail-frame-old = هذا العنوان قديم جدًا: افتح الرسالة مرة أخرى.
mail-remote-blocked = لم تُحمَّل الصور الآتية من أماكن أخرى: فهي تخبر المرسل بأنك قرأت الرسالة.
mail-remote-show = تحميلها
mail-wrote = كتب { $who } ({ $when }):
mail-forwarded = رسالة معاد توجيهها
mail-attach = إرفاق ملفات
mail-attach-now = إرفاق الآن
mail-inline = داخل النص
mail-drop = إزالة { $s }
mail-drop-here = أفلت الملفات هنا
mail-send = إرسال
mail-save = حفظ
mail-discard = حذف المسودة
mail-discard-sure = أتريد حذف هذه المسودة؟
mail-saved = حُفظت
mail-unsaved = لم تُحفظ: تُعاد المحاولة
mail-suggestions = أشخاص
mail-directory = الدليل
mail-find-person = البحث عن شخص
mail-failed = تعذر الإرسال:
mail-waits = قيد الإرسال
mail-sent-already = أُرسلت هذه الرسالة من قبل.
mail-no-recipient = اذكر لمن تُرسل.
mail-many-recipients = المستلمون كثيرون: المسموح 500.
mail-bad-recipient = «{ $s }» ليس عنوانًا.
mail-nobody = لا أحد هنا له العنوان { $s }.
mail-no-way = لا طريق إلى { $s }: ليس لهذه العقدة وصلة لإرسال البريد إلى العالم الخارجي.
mail-too-large = الملفات أكبر مما ينبغي: تسع الرسالة الواحدة { $s } منها.
mail-folder-name = الاسم
mail-folder-new = مجلد جديد
mail-folder-help = وضع / في الاسم يضع مجلدًا داخل آخر: مشاريع/آبار
mail-folder-rename = إعادة تسمية
mail-folder-rename-to = الاسم الجديد لـ { $s }
mail-folder-sure = يذهب بريده إلى المهملات
mail-address = عنوانك
mail-used = المستخدم { $s }
mail-used-of = المستخدم { $used } من { $room }
mail-signature = التوقيع
mail-undo-s = مهلة التراجع عن الإرسال
mail-vacation = غائب
mail-vacation-on = الرد على من يكتب بأنني غائب
mail-vacation-help = يُبلَّغ كل شخص مرة في الأسبوع. لا يُرد على القوائم والبرامج.
mail-rules = القواعد
mail-rules-help = تُطبَّق بهذا الترتيب عند وصول رسالة.
mail-rule-if = إذا
mail-rule-has = يحتوي على
mail-rule-then = فعندها
mail-rule-box = المجلد
mail-rule-forward = عنوان في هذه العقدة
mail-rule-add = إضافة قاعدة
mail-rule-no-words = اذكر ما تبحث عنه القاعدة.
mail-rule-nobody = لا تذهب النسخة إلا إلى شخص آخر في هذه العقدة.
mail-rule-too-many = توجد 100 قاعدة: احذف بعضها أولًا.
mail-field-from = من
mail-field-to = إلى أو نسخة
mail-field-subject = الموضوع
mail-field-list = قائمة بريدية
mail-field-any = أيّ منها
mail-action-move = نقل إلى المجلد
mail-action-flag = تمييز بنجمة
mail-action-read = تعليم كمقروءة
mail-action-forward = إرسال نسخة إلى
mail-action-delete = حذف
mail-done-moved = { $n ->
    [zero] لم تُنقل رسائل.
    [one] نُقلت رسالة واحدة.
    [two] نُقلت رسالتان.
    [few] نُقلت { $shown } رسائل.
    [many] نُقلت { $shown } رسالة.
   *[other] نُقلت { $shown } رسالة.
    }
mail-done-deleted = { $n ->
    [zero] لم تُحذف رسائل.
    [one] حُذفت رسالة واحدة.
    [two] حُذفت رسالتان.
    [few] حُذفت { $shown } رسائل.
    [many] حُذفت { $shown } رسالة.
   *[other] حُذفت { $shown } رسالة.
    }
mail-messages = { $n ->
    [zero] لا رسائل
    [one] رسالة واحدة
    [two] رسالتان
    [few] { $shown } رسائل
    [many] { $shown } رسالة
   *[other] { $shown } رسالة
    }
mail-seconds = { $n ->
    [0] بلا مهلة
    [one] ثانية واحدة
    [two] ثانيتان
    [few] { $shown } ثوانٍ
    [many] { $shown } ثانية
   *[other] { $shown } ثانية
    }

# Mail programs, and mail in and out
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
transfer-title = استيراد البريد وتصديره
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
mail-kept = المحفوظة
me-bad-name = لا يصلح «{ $s }» اسمًا: إما أنه فارغ أو طويل جدًا أو فيه رمز لا تقبله الأسماء.
me-exists = «{ $s }» مستعمل من قبل.
me-nobody = لا يوجد هنا «{ $s }».
me-full = صندوق { $s } ممتلئ: يجب حذف شيء منه أولًا.
me-many-folders = توجد { $s } من المجلدات ولا يمكن إنشاء المزيد: احذف بعضها أولًا.
me-needs-owner = لا بد للقائمة من مالك: عيّن مالكًا آخر أولًا.
me-needs-manager = لا بد للصندوق ممن يديره: عيّن غيره أولًا.
me-many-members = لا يمكن إضافة أعضاء آخرين: أضف مجموعة بدلًا منهم.
me-enough = لا يمكن إنشاء المزيد منها في هذه العقدة.
me-no-sender = ليس للرسالة مرسل يُرد عليه.
me-into-itself = لا يمكن وضع مجلد داخل نفسه.
mail-done = تمّ.
mail-select-all = اختيار الكل
mail-empty-inbox = صندوق الوارد فارغ. يصل إلى هنا البريد المرسل إلى { $s }.
mail-rule-up = نقل إلى أعلى
mail-rules-none = لا توجد قواعد بعد. بقاعدة يذهب بريد قائمة أو شخص إلى مجلد من تلقاء نفسه.
mail-vacation-empty = اكتب ما يُجاب به أثناء غيابك.
