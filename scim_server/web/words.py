"""What the pages say, in every language that we speak. `{…}` stands for a value."""

from collections.abc import Mapping

from scim_server.services.languages import Language
from scim_server.web.words_account import ACCOUNT
from scim_server.web.words_login import LOGIN
from scim_server.web.words_refusals import REFUSAL_WORDS

_LINKS: Mapping[str, Mapping[Language, str]] = {
    "invitation.title": {
        Language.EN: "Join {organization}",
        Language.PT_BR: "Participar de {organization}",
    },
    "invitation.new": {
        Language.EN: "Choose a password to set up your account. You will sign in with it and with this address.",
        Language.PT_BR: "Escolha uma senha para criar sua conta. Você entrará com ela e com este endereço.",
    },
    "invitation.known": {
        Language.EN: "You have an account already. Accept, and sign in the way you are used to.",
        Language.PT_BR: "Você já tem uma conta. Aceite e entre da forma como está acostumado.",
    },
    "invitation.accept": {Language.EN: "Accept the invitation", Language.PT_BR: "Aceitar o convite"},
    "done.title": {Language.EN: "Welcome to {organization}", Language.PT_BR: "Boas-vindas a {organization}"},
    "done.sign_in": {
        Language.EN: "You have accepted the invitation. From now on you can sign in as {email}.",
        Language.PT_BR: "Você aceitou o convite. A partir de agora, pode entrar como {email}.",
    },
    "done.lands_in": {
        Language.EN: "You will land in {organization}, your default organization, and can switch from there.",
        Language.PT_BR: "Você entrará em {organization}, sua organização padrão, e poderá trocar a partir dela.",
    },
    "over.title": {
        Language.EN: "This invitation cannot be accepted",
        Language.PT_BR: "Este convite não pode ser aceito",
    },
    "over.unknown": {
        Language.EN: "We do not know this link. Open the one in the message again, whole.",
        Language.PT_BR: "Não conhecemos este link. Abra novamente o da mensagem, por inteiro.",
    },
    "over.accepted": {
        Language.EN: "It was accepted already. You can sign in.",
        Language.PT_BR: "Ele já foi aceito. Você pode entrar.",
    },
    "over.revoked": {
        Language.EN: "It was withdrawn. Ask the person who invited you.",
        Language.PT_BR: "Ele foi cancelado. Fale com quem convidou você.",
    },
    "over.replaced": {
        Language.EN: "There is a newer link. Open the one in the latest message.",
        Language.PT_BR: "Há um link mais novo. Abra o da mensagem mais recente.",
    },
    "over.expired": {
        Language.EN: "It is older than seven days. Ask the person who invited you for a new one.",
        Language.PT_BR: "Ele tem mais de sete dias. Peça um novo a quem convidou você.",
    },
    "over.sso": {
        Language.EN: "Everybody in this organization signs in through its identity provider. Sign in there with this "
        "address, and you are in.",
        Language.PT_BR: "Nesta organização, todos entram pelo provedor de identidade dela. Entre por lá com este "
        "endereço, e pronto.",
    },
    "over.no_seat": {
        Language.EN: "{organization} has no free seat at the moment. Ask the person who invited you; this link stays "
        "good.",
        Language.PT_BR: "{organization} não tem vaga no momento. Fale com quem convidou você; este link continua "
        "valendo.",
    },
    "over.other_account": {
        Language.EN: "You are a member already, with another address or account. Ask the person who invited you.",
        Language.PT_BR: "Você já participa, com outro endereço ou outra conta. Fale com quem convidou você.",
    },
    "field.email": {Language.EN: "E-mail address", Language.PT_BR: "Endereço de e-mail"},
    "field.password": {Language.EN: "Password", Language.PT_BR: "Senha"},
    "field.repeat": {Language.EN: "The same password again", Language.PT_BR: "A mesma senha outra vez"},
    "field.no_email": {
        Language.EN: "This is no e-mail address. One looks like name@example.com.",
        Language.PT_BR: "Este não é um endereço de e-mail. Um endereço é parecido com nome@example.com.",
    },
    "password.hint": {
        Language.EN: "At least {least} characters. Several words that have nothing to do with you are hard to guess "
        "and easy to remember.",
        Language.PT_BR: "Pelo menos {least} caracteres. Várias palavras que não têm a ver com você são difíceis de "
        "adivinhar e fáceis de lembrar.",
    },
    "password.length": {
        Language.EN: "The password must have {least} to {most} characters.",
        Language.PT_BR: "A senha deve ter de {least} a {most} caracteres.",
    },
    "password.different": {
        Language.EN: "The two passwords are not the same. Type the same one twice.",
        Language.PT_BR: "As duas senhas não são iguais. Digite a mesma duas vezes.",
    },
    # Of what is too easy to guess: for each Weakness of services/passwords.py, why, and what would be better.
    "password.common": {
        Language.EN: "This password is too easy to guess: many people use it, or one like it. Take four words that "
        "have nothing to do with each other.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: muitas pessoas usam esta ou uma parecida. Use quatro "
        "palavras que não tenham relação entre si.",
    },
    "password.personal": {
        Language.EN: "This password is too easy to guess: it is made of your name, your address or your "
        "organization's name. Take words that have nothing to do with you.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: ela é feita do seu nome, do seu endereço ou do nome da sua "
        "organização. Use palavras que não têm a ver com você.",
    },
    "password.name": {
        Language.EN: "This password is too easy to guess: it is little more than a name. Take four words that are no "
        "names.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: ela é pouco mais que um nome. Use quatro palavras que não "
        "sejam nomes.",
    },
    "password.word": {
        Language.EN: "This password is too easy to guess: it is little more than a word of the dictionary. Add three "
        "more words that have nothing to do with it.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: ela é pouco mais que uma palavra do dicionário. Acrescente "
        "três palavras que não tenham relação com ela.",
    },
    "password.keyboard": {
        Language.EN: "This password is too easy to guess: its keys are beside each other on the keyboard. Take four "
        "words that have nothing to do with each other.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: suas teclas são vizinhas no teclado. Use quatro palavras que "
        "não tenham relação entre si.",
    },
    "password.repeated": {
        Language.EN: "This password is too easy to guess: it repeats itself. Take four different words instead.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: ela se repete. Use quatro palavras diferentes.",
    },
    "password.sequence": {
        Language.EN: "This password is too easy to guess: it is a sequence such as abc or 4321. Take four words that "
        "have nothing to do with each other.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: ela é uma sequência como abc ou 4321. Use quatro palavras "
        "que não tenham relação entre si.",
    },
    "password.date": {
        Language.EN: "This password is too easy to guess: it is little more than a date or a year. Take four words "
        "that have nothing to do with each other.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: ela é pouco mais que uma data ou um ano. Use quatro palavras "
        "que não tenham relação entre si.",
    },
    "password.short": {
        Language.EN: "This password is too easy to guess: there is too little in it. Make it longer, with another word "
        "or two.",
        Language.PT_BR: "Esta senha é fácil de adivinhar: há pouca coisa nela. Aumente-a com mais uma ou duas "
        "palavras.",
    },
    "reset.ask": {Language.EN: "Forgot your password?", Language.PT_BR: "Esqueceu a senha?"},
    "reset.ask_how": {
        Language.EN: "Tell us the address that you sign in with. We send you a link to choose a new password.",
        Language.PT_BR: "Informe o endereço com que você entra. Enviaremos um link para escolher uma nova senha.",
    },
    "reset.send": {Language.EN: "Send me a link", Language.PT_BR: "Enviar o link"},
    "reset.sent": {Language.EN: "Look into your mailbox", Language.PT_BR: "Verifique sua caixa de entrada"},
    "reset.sent_to": {
        Language.EN: "If {email} is the address of an account, a message with a link is on its way to it. The link is "
        "good for an hour.",
        Language.PT_BR: "Se {email} for o endereço de uma conta, uma mensagem com um link está a caminho. O link vale "
        "por uma hora.",
    },
    "reset.nothing_came": {
        Language.EN: "Nothing there after a few minutes? Look among the spam, and check the address. Whoever signs in "
        "through their company has no password here, and asks their administrator.",
        Language.PT_BR: "Não chegou depois de alguns minutos? Veja na pasta de spam e confira o endereço. Quem entra "
        "pela própria empresa não tem senha aqui e deve falar com o administrador.",
    },
    "reset.again": {Language.EN: "Ask for another link", Language.PT_BR: "Pedir outro link"},
    "reset.title": {Language.EN: "Choose a new password", Language.PT_BR: "Escolha uma nova senha"},
    "reset.how": {
        Language.EN: "From then on you sign in with it, and you are signed out wherever you are signed in now.",
        Language.PT_BR: "A partir daí você entra com ela, e sua sessão termina onde quer que esteja aberta agora.",
    },
    "reset.choose": {Language.EN: "Set the new password", Language.PT_BR: "Definir a nova senha"},
    "reset.done": {Language.EN: "Your new password is set", Language.PT_BR: "Sua nova senha foi definida"},
    "reset.sign_in": {
        Language.EN: "You can sign in as {email} with the new password. Wherever you were signed in, you have been "
        "signed out.",
        Language.PT_BR: "Você pode entrar como {email} com a nova senha. Onde quer que estivesse conectado, sua sessão "
        "foi encerrada.",
    },
    "reset.over": {Language.EN: "This link is not good any more", Language.PT_BR: "Este link não vale mais"},
    "reset.over_why": {
        Language.EN: "It was used already, is older than an hour, or was cut off: ask for a new one, and open it "
        "within an hour.",
        Language.PT_BR: "Ele já foi usado, tem mais de uma hora ou foi cortado: peça um novo e abra-o dentro de uma "
        "hora.",
    },
    "send.title": {Language.EN: "One moment", Language.PT_BR: "Um momento"},
    "send.why": {
        Language.EN: "You are on your way to your company's sign-in. If nothing happens, continue yourself.",
        Language.PT_BR: "Você está indo para o login da sua empresa. Se nada acontecer, continue manualmente.",
    },
    "send.on": {Language.EN: "Continue", Language.PT_BR: "Continuar"},
    "test.offer": {Language.EN: "Test this sign-in", Language.PT_BR: "Testar esta entrada"},
    "test.what": {
        Language.EN: "You are about to sign in through “{connection}” to {organization}, as its people will. Nobody is "
        "let in by it: you see what the identity provider says, and what would come of it.",
        Language.PT_BR: "Você vai entrar por “{connection}” em {organization}, como as pessoas farão. Ninguém entra de "
        "verdade: você vê o que o provedor de identidade diz e o que resultaria disso.",
    },
    "test.begin": {Language.EN: "Begin the test", Language.PT_BR: "Começar o teste"},
    "test.over": {
        Language.EN: "This link of a test is older than an hour, was cut off, or its connection is switched off: make "
        "a new one.",
        Language.PT_BR: "Este link de teste tem mais de uma hora, foi cortado ou sua conexão está desativada: crie um "
        "novo.",
    },
    "error.title": {Language.EN: "That did not work", Language.PT_BR: "Não deu certo"},
    "error.missing": {
        Language.EN: "There is no such page. Check the address.",
        Language.PT_BR: "Esta página não existe. Verifique o endereço.",
    },
    "error.request": {
        Language.EN: "We could not read what your browser sent. Go back, and try again.",
        Language.PT_BR: "Não conseguimos ler o que seu navegador enviou. Volte e tente novamente.",
    },
    "error.busy": {
        Language.EN: "Others are changing the same at the moment. Nothing was kept; try again in a few seconds.",
        Language.PT_BR: "Outras pessoas estão mudando o mesmo agora. Nada foi salvo; tente de novo em alguns segundos.",
    },
    "error.bug": {
        Language.EN: "Something went wrong on our side. Try again later; if it stays like that, tell your "
        "administrator this number: {id}",
        Language.PT_BR: "Algo deu errado do nosso lado. Tente mais tarde; se continuar assim, informe este número ao "
        "administrador: {id}",
    },
}


WORDS: Mapping[str, Mapping[Language, str]] = {**_LINKS, **LOGIN, **ACCOUNT, **REFUSAL_WORDS}


def say(language: Language, key: str, **values: object) -> str:
    return WORDS[key][language].format(**values)
