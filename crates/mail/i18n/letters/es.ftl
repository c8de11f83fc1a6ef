dsn-failed = Su mensaje no se pudo entregar
dsn-delayed = Su mensaje sigue en camino
dsn-delivered = Su mensaje fue entregado
dsn-relayed = Su mensaje fue pasado a otro servidor
dsn-said = { $server } respondió:
dsn-why-delivered = Está en el buzón.
dsn-why-full = El buzón está lleno.
dsn-why-refused = El destinatario no lo aceptó.
dsn-why-operator = Un operador del nodo lo sacó de la cola.
dsn-why-delayed = El camino hasta allí lleva cerrado más tiempo de lo habitual. Se sigue intentando; no tiene que hacer nada.
dsn-why-next-refused = El servidor de correo al que se entregó lo rechazó.
dsn-why-expired = El servidor de correo al que se entregó no lo aceptó en cinco días.
dsn-why-relayed = Se entregó a un servidor de correo que quizá no envíe más informes.
held-subject = { $list }: { $n ->
    [one] un mensaje le espera
   *[other] { $n } mensajes le esperan
    }
held-text = Hay mensajes para la lista { $list } que esperan a un moderador. Apruébelos o deséchelos aquí:
held-once = Este aviso llega como mucho una vez al día.
waits-text = Su mensaje a la lista { $list } espera a un moderador. Cuando se apruebe, lo recibirán todos los miembros. No tiene que hacer nada.
