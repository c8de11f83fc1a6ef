nav-home = المكتبة
nav-main = القائمة الرئيسية
nav-people = الأشخاص
skip-to-content = الانتقال إلى المحتوى
search-label = البحث في المكتبة
search-button = بحث
sign-in = تسجيل الدخول
sign-out = تسجيل الخروج
sign-out-everywhere = تسجيل الخروج من كل الأجهزة
sign-in-why = لا حاجة إلى حساب للقراءة والبحث.
name = الاسم
password = كلمة المرور
password-again = كلمة المرور مرة أخرى
password-now = كلمة المرور الحالية
password-new = كلمة المرور الجديدة
password-hint = 8 أحرف على الأقل. والأفضل بضع كلمات لا يجمع بينها أحد سواك.
passwords-differ = كلمتا المرور غير متطابقتين.
wrong-name-or-password = الاسم أو كلمة المرور غير صحيح.
too-many-tries = محاولات كثيرة جدًا. يُرجى الانتظار { $n ->
    [zero] لحظة
    [one] ثانية واحدة
    [two] ثانيتين
    [few] { $shown } ثوانٍ
    [many] { $shown } ثانية
   *[other] { $shown } ثانية
    } ثم إعادة المحاولة.
your-name = الاسم الذي يراه الآخرون
login-name = اسم الدخول
login-name-hint = حروف وأرقام ونقاط وواصلات.
language = اللغة
theme = الألوان
theme-auto = كما في الجهاز
theme-light = فاتحة
theme-dark = داكنة
apply = تطبيق
save = حفظ
create = إنشاء
remove = إزالة
revoke = إبطال
next-page = الصفحة التالية
no-tracking = لا تحتفظ هذه المكتبة بأي سجل لما يقرؤه الناس أو يبحثون عنه.
trust-link = اتصال آمن
account = حسابك
roles = الأدوار
role-member = عضو
role-librarian = أمين مكتبة
role-editor = محرر
role-teacher = معلم
role-seller = بائع
role-operator = مشغّل
groups = مجموعات المستخدمين
group-name = اسم مجموعة المستخدمين
change-password = تغيير كلمة المرور
saved = تم الحفظ.
app-passwords = كلمات مرور التطبيقات
app-passwords-why = يسجّل برنامج البريد أو أي تطبيق آخر الدخول بكلمة مرور خاصة به، ويمكنك إبطالها دون تغيير كلمة مرورك.
app-password-label = الغرض منها
app-password-made = كلمة مرور التطبيق: { $s }
app-password-once = يُرجى تدوينها أو نسخها الآن، فلن تُعرض مرة أخرى.
back-to-account = العودة إلى حسابك
add-person = إضافة شخص
add-person-hint = ستحصل على رابط يحدّد به الشخص كلمة مروره.
person-disabled = غير مسموح له بالدخول
make-password-link = إنشاء رابط لتعيين كلمة مرور جديدة
link-made = رابط للمستخدم { $s }
link-made-text = يُرجى تسليم هذا الرابط إلى صاحبه. يصلح لمرة واحدة خلال ثلاثة أيام.
back-to-people = العودة إلى الأشخاص
first-start = مرحبًا: إعداد هذه المكتبة
first-start-text = يُرجى اختيار اسمك وكلمة مرور. ستكون المشغّل: يمكنك إضافة أشخاص ومنحهم أدوارًا.
reset-password = تعيين كلمة المرور
reset-password-text = يُرجى اختيار كلمة مرور لحسابك.
link-expired = استُعمل هذا الرابط من قبل أو انتهت صلاحيته.
link-expired-text = اطلب رابطًا جديدًا من المشغّل. العقدة التي ليس لها مشغّل تعرض رابطًا جديدًا عند كل تشغيل.
trust-title = الوثوق بشهادة هذه المكتبة
trust-why = لهذه المكتبة مرجع تصديق خاص بها لأنها تعمل دون إنترنت. وبعد أن يثق به جهازك تصبح الاتصالات عبر https محمية من التنصت والتلاعب. لا يلزم ذلك للقراءة.
trust-download = تنزيل الشهادة
trust-fingerprint = يُرجى مقارنة بصمة SHA-256 الخاصة بها بالبصمة التي يخبرك بها المشغّل:
trust-android = افتح الملف المنزَّل، أو انتقل إلى الإعدادات › الأمان › التشفير وبيانات الاعتماد › تثبيت شهادة › شهادة CA.
trust-ios = افتح الملف المنزَّل في Safari، ثم الإعدادات › تم تنزيل ملف التعريف › تثبيت. بعد ذلك فعّله في الإعدادات › عام › حول › إعدادات الثقة بالشهادة.
trust-windows = افتح الملف › تثبيت الشهادة › المستخدم الحالي › وضع كافة الشهادات في المخزن التالي: المراجع المصدقة الجذرية الموثوق بها.
trust-macos = افتح الملف بتطبيق «الوصول إلى سلسلة المفاتيح»، ثم افتح الشهادة › الثقة › الثقة دائمًا.
trust-linux = لكل برامج الحاسوب:
trust-firefox = لدى Firefox قائمة خاصة به: الإعدادات › الخصوصية والأمان › الشهادات › اعرض الشهادات › السلطات › استورد.
trust-try = ثم جرّب: { $s }
trust-none = لا تقدّم هذه العقدة اتصال https.
error-not-found = لا توجد صفحة كهذه.
error-forbidden = لا يملك حسابك صلاحية لذلك.
error-sign-in-first = يُرجى تسجيل الدخول أولًا.
error-bad-request = لا يمكن تنفيذ الطلب بالصورة التي أُرسل بها.
error-unavailable = غير متاح في الوقت الحالي.
error-disk-full = قرص هذه العقدة ممتلئ. لم يُفقد شيء؛ يُرجى إبلاغ المشغّل.
error-fault = حدث خطأ داخلي.
error-number = يجده المشغّل في السجل تحت الرقم { $s }.
error-cross-site = أُرسلت هذه الاستمارة من موقع آخر، ولذلك لم يُنفَّذ شيء.
error-form-expired = هذه الاستمارة قديمة جدًا. يُرجى العودة وإعادة تحميل الصفحة ثم إرسالها مجددًا.
error-home = إلى الصفحة الرئيسية للمكتبة

# The page of the node itself
node-title = هذه العقدة
node-about = ما هذه العقدة، وماذا تنشر، وكيف يمكن لأي أحد التحقق منها.
node-name = الاسم في الشبكة
node-address = العنوان
node-certificate = سلطة الشهادات (SHA-256)
node-cosigner = مفتاح توقيعاتها المشتركة
node-feeds = ما تنشره
node-feeds-about = لكل نوع من المنشورات سجل لا ينقص، توقّعه هذه العقدة. وهو ملفات عادية: انسخها بأي برنامج وتحقق منها بالمفتاح.
node-feed-address = العنوان
node-feed-key = المفتاح
node-feed-entries = المدخلات
node-feed-checkpoint = أحدث نقطة موقّعة
node-mirrors = سجلات عقد أخرى محفوظة هنا
node-check = تحقق بنفسك
node-check-about = اطلب المفتاح من المشغّل على ورقة أو شخصيًا: المفتاح المقروء في هذه الصفحة لا يثبت أكثر من الصفحة نفسها. ثم على أي جهاز آخر:
node-check-standard = أي برنامج يتبع هذا المعيار يقرأ الملفات:

# Other nodes
nodes-title = عقد أخرى
