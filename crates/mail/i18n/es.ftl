nav-mail = Correo
mail-inbox = Bandeja de entrada
mail-drafts = Borradores
mail-sent = Enviados
mail-archive = Archivo
mail-junk = No deseado
mail-trash = Papelera
mail-boxes = Buzones
mail-folders = Carpetas
mail-settings = Ajustes del correo
mail-letters = Sin enviar
mail-write = Escribir
mail-search = Buscar en el correo
mail-search-help = Busca en remitente, destinatarios, asunto y primeras palabras.
mail-search-none = No se encontró nada para «{ $s }».
mail-today = Hoy
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
mail-do-junk = No es deseado
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
mail-no-way = Aún no hay camino hasta { $s }: solo se llega a personas de este nodo.
mail-too-large = Los archivos son demasiado grandes para un mensaje.
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
mail-undo-s = Tiempo para recuperar un mensaje
mail-retention = Vaciar papelera y no deseado tras
mail-never = Nunca
mail-vacation = Ausente
mail-vacation-on = Responder a quienes escriban que estoy ausente
mail-vacation-help = A cada persona se le avisa una vez por semana. No se responde a listas ni a programas.
mail-rules = Reglas
mail-rules-help = Se miran en este orden cuando llega un mensaje.
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
mail-days = { $n ->
    [one] Un día
   *[other] { $shown } días
    }
