nav-mail = Correo
mail-inbox = Bandeja de entrada
mail-drafts = Borradores
mail-sent = Enviados
mail-archive = Archivo
mail-junk = Correo no deseado
mail-trash = Papelera
mail-boxes = Buzones
mail-folders = Carpetas
mail-settings = Ajustes del correo
mail-letters = Sin enviar
mail-write = Escribir
mail-search = Buscar en el correo
mail-search-help = Busca en personas, asuntos, todo el texto y archivos adjuntos.
mail-search-none = No se encontró nada para «{ $s }».
mail-me = yo
mail-to-short = Para: { $s }
mail-select = Elegir: { $s }
mail-unread = Sin leer
mail-flagged = Destacado
mail-answered = Respondido
mail-has-file = Con archivos
mail-no-subject = (sin asunto)
mail-empty = No hay nada aquí.
mail-older = Anteriores
mail-newest = Más recientes
mail-more = Más
mail-do-archive = Archivar
mail-do-delete = Eliminar
mail-do-read = Marcar como leído
mail-do-unread = Marcar como no leído
mail-do-flag = Destacar
mail-do-unflag = Quitar destacado
mail-do-junk = Es correo no deseado
mail-do-move = Mover a
mail-move = Mover
mail-to-inbox = Volver a la bandeja de entrada
mail-empty-it = Eliminar todo para siempre
mail-empty-sure = Sí, todo lo que hay aquí
mail-done-sent = Enviado.
mail-done-saved = Guardado.
mail-sending = El mensaje se está enviando.
mail-undo = Deshacer
mail-back = Volver
mail-print = Imprimir
mail-open-all = Abrir todos los mensajes
mail-thread-cut = Solo se muestran los mensajes más recientes de esta conversación.
mail-earlier = { $n ->
    [one] Un mensaje anterior
   *[other] { $shown } mensajes anteriores
    }
mail-later = { $n ->
    [one] Un mensaje posterior
   *[other] { $shown } mensajes posteriores
    }
mail-more-people = { $n ->
    [one] Una persona más
   *[other] { $shown } personas más
    }
mail-failed-letters = { $n ->
    [one] Un mensaje no se pudo enviar.
   *[other] { $shown } mensajes no se pudieron enviar.
    }
mail-signed-out = Su sesión ha terminado. Inicie sesión en otra ventana y siga aquí: nada de lo que escribió se pierde.
mail-look-again = Entretanto ha vuelto a iniciar sesión. Revise lo que escribió, adjunte de nuevo los archivos y envíelo o guárdelo.
mail-from = De
mail-to = Para
mail-cc = CC
mail-bcc = CCO
mail-date = Fecha
mail-subject = Asunto
mail-text = Texto
mail-files = Archivos
mail-reply = Responder
mail-reply-all = Responder a todos
mail-forward = Reenviar
mail-edit = Seguir escribiendo
mail-as-text = Como texto
mail-as-html = Como fue diseñado
mail-source = Guardar el mensaje
mail-quoted = Texto citado
mail-text-cut = El texto continúa: guarde el mensaje para leerlo todo.
mail-frame = Mensaje de { $s }
mail-frame-old = Esta dirección es demasiado antigua: vuelva a abrir el mensaje.
mail-remote-blocked = No se cargaron imágenes de otros lugares: dirían al remitente que usted leyó esto.
mail-remote-show = Cargarlas
mail-wrote = { $who } escribió ({ $when }):
mail-forwarded = Mensaje reenviado
mail-attach = Adjuntar archivos
mail-attach-now = Adjuntar ahora
mail-inline = en el texto
mail-drop = Quitar { $s }
mail-drop-here = Suelte los archivos aquí
mail-send = Enviar
mail-save = Guardar
mail-discard = Descartar
mail-discard-sure = ¿Descartar este mensaje?
mail-saved = Guardado
mail-unsaved = No guardado: se reintentará
mail-suggestions = Personas
mail-directory = Directorio
mail-find-person = Buscar una persona
mail-failed = No se pudo enviar:
mail-waits = Se está enviando
mail-sent-already = Este mensaje ya se envió.
mail-no-recipient = Indique a quién va.
mail-many-recipients = Hay demasiados destinatarios: se permiten 500.
mail-bad-recipient = «{ $s }» no es una dirección.
mail-nobody = Nadie aquí tiene la dirección { $s }.
mail-no-way = No hay camino hasta { $s }: este nodo no tiene conexión para enviar correo al exterior.
mail-too-large = Los archivos son demasiado grandes: un mensaje puede llevar { $s }.
mail-folder-name = Nombre
mail-folder-new = Carpeta nueva
mail-folder-help = Una / en el nombre pone una carpeta dentro de otra: Proyectos/Pozos
mail-folder-rename = Renombrar
mail-folder-rename-to = Nombre nuevo de { $s }
mail-folder-sure = Su correo va a la papelera
mail-address = Su dirección
mail-used = { $s } en uso
mail-used-of = { $used } de { $room } en uso
mail-signature = Firma
mail-undo-s = Tiempo para deshacer el envío
mail-vacation = Ausente
mail-vacation-on = Responder automáticamente que estoy ausente
mail-vacation-help = A cada persona se le avisa una vez por semana. No se responde a listas ni a programas.
mail-rules = Reglas
mail-rules-help = Se aplican en este orden cuando llega un mensaje.
mail-rule-if = Si
mail-rule-has = contiene
mail-rule-then = entonces
mail-rule-box = Carpeta
mail-rule-forward = Dirección en este nodo
mail-rule-add = Añadir regla
mail-rule-no-words = Indique qué busca la regla.
mail-rule-nobody = Una copia solo puede ir a otra persona de este nodo.
mail-rule-too-many = Ya hay 100 reglas: elimine algunas primero.
mail-field-from = De
mail-field-to = Para o CC
mail-field-subject = Asunto
mail-field-list = Lista de correo
mail-field-any = Cualquiera de ellos
mail-action-move = mover a la carpeta
mail-action-flag = destacar
mail-action-read = marcar como leído
mail-action-forward = enviar una copia a
mail-action-delete = eliminar
mail-done-moved = { $n ->
    [one] Se movió un mensaje.
   *[other] Se movieron { $shown } mensajes.
    }
mail-done-deleted = { $n ->
    [one] Se eliminó un mensaje.
   *[other] Se eliminaron { $shown } mensajes.
    }
mail-messages = { $n ->
    [one] Un mensaje
   *[other] { $shown } mensajes
    }
mail-seconds = { $n ->
    [0] Ninguno
    [one] Un segundo
   *[other] { $shown } segundos
    }

# Mail programs, and mail in and out
setup-title = Programas de correo
setup-intro = Cada dispositivo tiene su propia contraseña, que puede revocar sin tocar las demás. Diga cómo se llama el dispositivo:
setup-device = Dispositivo o programa
setup-device-hint = Por ejemplo «teléfono» o «Thunderbird del trabajo».
setup-device-empty = Diga cómo se llama el dispositivo.
setup-too-many = Ya tiene { $shown } contraseñas de dispositivos: revoque una que ya no use.
setup-make = Crear una contraseña
setup-made = Contraseña para { $s }
setup-once = Se muestra solo esta vez. Cópiela en el programa de correo o escanee el código; no hace falta aprenderla.
setup-scan = En Delta Chat elija usar otro servidor y después escanear un código; escanee este. En este mismo dispositivo, tóquelo.
setup-code = Código QR para Delta Chat
setup-profile = Obtener el perfil con esta contraseña
setup-profile-plain = Perfil sin contraseña
setup-profile-why = El perfil trae la cuenta, la contraseña y el certificado de este nodo.
setup-off = Este nodo no atiende ahora a programas de correo. Pregunte a quien lo mantiene.
setup-servers = Ajustes
setup-address = Dirección de correo
setup-user = Nombre de usuario
setup-password = Contraseña
setup-password-is = la creada aquí para el dispositivo; nunca la que usa para entrar
setup-host = Servidor
setup-port = Puerto
setup-security = Seguridad
setup-incoming = Entrante
setup-outgoing = Saliente
setup-first = Si hay varios, el primero es el mejor.
setup-trust = El certificado es del propio nodo: los programas preguntan por él hasta que el dispositivo confía en el nodo.
setup-trust-link = Cómo confiar en él
setup-programs = Paso a paso
setup-thunderbird = Elija añadir una cuenta de correo y dé su nombre, { $s } y la contraseña de arriba. Si Thunderbird no encuentra los ajustes por sí mismo, elija configurar a mano y copie la tabla. Si avisa del certificado, compare la huella y confirme.
setup-apple = Abra esta página en el dispositivo, cree una contraseña y obtenga el perfil. Después instálelo: en un iPhone o iPad en Ajustes, General, VPN y gestión de dispositivos; en un Mac en Ajustes del Sistema, Gestión de dispositivos. En un iPhone o iPad active por último el certificado en Ajustes, General, Información, Confianza de certificados.
setup-android = Dé la dirección y la contraseña, elija IMAP y configurar a mano, y copie la tabla. Cuando el programa muestre el certificado, compare la huella y acepte.
setup-outlook = Confíe primero en el certificado del nodo en Windows. Después añada una cuenta, elija configurarla a mano, elija IMAP y copie la tabla.
setup-delta = Cree una contraseña arriba y escanee el código: no hay nada que escribir. Para ver también el correo de programas corrientes, desactive en los ajustes de la cuenta que solo se muestren mensajes cifrados.
setup-delta-ascii = Delta Chat solo acepta direcciones en letras latinas sin acentos. Pida a quien mantiene este nodo una segunda dirección.
setup-mutt = Guarde el certificado del nodo como lampion-ca.crt en su carpeta personal y ponga esto en ~/.muttrc:
setup-devices = Dispositivos
setup-no-devices = Todavía ninguno.
setup-never-used = nunca usada
setup-used = usada por última vez el { $s }
setup-revoke = Revocar
setup-keep = Lo que los programas borran
setup-keep-why = Algunos programas borran los mensajes del servidor en cuanto los han recogido. El nodo puede guardarlos un tiempo donde solo usted los encuentra: en «Guardados», en el navegador.
setup-keep-days = Guardar los mensajes borrados
setup-keep-not = no guardar
setup-days = { $n ->
    [one] un día
   *[other] { $shown } días
    }
setup-dns = Para quien lleva el DNS
setup-dns-why = Con estos registros en la zona del dominio del nodo, los programas de correo encuentran los ajustes por sí mismos (RFC 6186).
transfer-title = Importar y exportar correo
transfer-jobs = En curso y hecho
transfer-from-server = Desde otro servidor de correo
transfer-from-files = Desde archivos
transfer-queued = en espera
transfer-running = en curso
transfer-done = hecho
transfer-ended = terminó con un problema
transfer-cancelled = cancelado
transfer-taken = { $n ->
    [one] un mensaje traído
   *[other] { $shown } mensajes traídos
    }
transfer-failed = { $n ->
    [one] uno no se pudo traer
   *[other] { $shown } no se pudieron traer
    }
transfer-cancel = Cancelar
transfer-look = Mirar de nuevo
transfer-out = Llévese todo
transfer-have = { $n ->
    [one] Tiene un mensaje
   *[other] Tiene { $shown } mensajes
    }
transfer-out-why = Todos sus buzones en un solo archivo, en cualquier momento: como Maildir (con carpetas, marcas y fechas; lo leen mutt, Dovecot y otros) o como mbox (un archivo por buzón, que Thunderbird y Apple Mail importan).
transfer-server = Desde otro servidor de correo
transfer-server-why = Se copian todos los buzones con sus marcas y fechas. Allí no cambia nada. Si la línea se corta, sigue por sí mismo; si vuelve a empezar más tarde, solo se trae lo nuevo.
transfer-host = Servidor (IMAP)
transfer-secure = Seguridad
transfer-plain = ninguna (solo en una red de confianza)
transfer-port = Puerto
transfer-port-hint = Solo si no es el habitual.
transfer-user = Nombre de usuario allí
transfer-password = Contraseña allí
transfer-password-hint = Se guarda sellada hasta que todo ha llegado; después se olvida.
transfer-trusted = Huella de su certificado
transfer-trusted-hint = Solo si el certificado es del propio servidor; el mensaje del problema la nombra.
transfer-begin = Empezar
transfer-files = Desde archivos
transfer-files-why = Archivos en formato mbox (como los de Thunderbird), mensajes sueltos (.eml) o un .tar de un Maildir.
transfer-mailbox = A este buzón
transfer-mailbox-hint = Vacío: los buzones se llaman como los archivos y carpetas.
transfer-choose = Archivos
transfer-incomplete = Hacen falta el servidor y el nombre de usuario; el puerto es un número.
mail-kept = Guardados
me-bad-name = «{ $s }» no sirve como nombre: está vacío, es demasiado largo o tiene un signo no permitido.
me-exists = «{ $s }» ya está en uso.
me-nobody = Aquí no hay «{ $s }».
me-full = El buzón de { $s } está lleno: primero hay que eliminar algo allí.
me-many-folders = Hay { $s } carpetas y no puede haber más: elimine algunas primero.
me-needs-owner = Una lista necesita un propietario: nombre antes a otro.
me-needs-manager = Alguien debe gestionar el buzón: nombre antes a otra persona.
me-many-members = No puede haber más miembros: añada un grupo.
me-enough = Este nodo no puede tener más.
me-no-sender = El mensaje no tiene remitente a quien responder.
me-into-itself = Una carpeta no puede ponerse dentro de sí misma.
mail-done = Hecho.
mail-select-all = Elegir todo
mail-empty-inbox = Su bandeja de entrada está vacía. Aquí llega el correo para { $s }.
mail-rule-up = Subir
mail-rules-none = Todavía no hay reglas. Con una, el correo de una lista o una persona va solo a una carpeta.
mail-vacation-empty = Escriba qué se responde mientras está ausente.
