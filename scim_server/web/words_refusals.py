"""What the pages of refused sign-ins and of test sign-ins say, in every language that we speak."""

from collections.abc import Mapping

from scim_server.services.languages import Language

REFUSAL_WORDS: Mapping[str, Mapping[Language, str]] = {
    "refused.title": {Language.EN: "You are not signed in", Language.PT_BR: "Você não entrou"},
    # One sentence for each Advice of services/refusals.py: what the person can do, and nothing of who exists.
    "refused.begin_again": {
        Language.EN: "This sign-in took too long, or was begun in another window: go back to the sign-in page, and "
        "begin again.",
        Language.PT_BR: "Esta tentativa demorou demais ou foi iniciada em outra janela: volte à página de entrada e "
        "comece de novo.",
    },
    "refused.begin_here": {
        Language.EN: "You cannot come in from your company's portal: go to the sign-in page, and begin there.",
        Language.PT_BR: "Não é possível entrar pelo portal da sua empresa: vá à página de entrada e comece por lá.",
    },
    "refused.ask_for_access": {
        Language.EN: "You have no access here at the moment: ask your administrator for it.",
        Language.PT_BR: "Você não tem acesso no momento: peça-o ao administrador da sua organização.",
    },
    "refused.ask_for_seat": {
        Language.EN: "There is no free seat for you at the moment: ask your administrator for one.",
        Language.PT_BR: "Não há vaga para você no momento: peça uma ao administrador da sua organização.",
    },
    "refused.have_it_mended": {
        Language.EN: "Something is wrong between your company's sign-in and us: your administrator can mend it.",
        Language.PT_BR: "Há algo errado entre o login da sua empresa e nós: o administrador pode corrigir.",
    },
    "refused.provider_refused": {
        Language.EN: "Your company's sign-in did not let you through: try again, and if it stays like that, ask your "
        "administrator to give you access to this application.",
        Language.PT_BR: "O login da sua empresa não deixou você passar: tente de novo e, se continuar assim, peça ao "
        "administrador acesso a este aplicativo.",
    },
    "refused.company_account": {
        Language.EN: "This was not your company's account: go back to the sign-in page, and choose the account that "
        "you have from your company.",
        Language.PT_BR: "Esta não era a conta da sua empresa: volte à página de entrada e escolha a conta que você tem "
        "pela empresa.",
    },
    "refused.prove_more": {
        Language.EN: "Your company's sign-in has to ask you for more this time: sign out there, then begin again here.",
        Language.PT_BR: "O login da sua empresa precisa pedir mais de você desta vez: saia de lá e comece de novo "
        "aqui.",
    },
    "refused.other_way": {
        Language.EN: "This way in is switched off: go back to the sign-in page, and choose another one.",
        Language.PT_BR: "Esta forma de entrar está desativada: volte à página de entrada e escolha outra.",
    },
    "refused.company_way": {
        Language.EN: "Your company has its own sign-in: enter your e-mail address on the sign-in page, and you are "
        "taken there.",
        Language.PT_BR: "Sua empresa tem seu próprio login: informe seu e-mail na página de entrada e você será levado "
        "até ele.",
    },
    "refused.later": {
        Language.EN: "Your company's sign-in does not answer us right now: try again in a few minutes.",
        Language.PT_BR: "O login da sua empresa não está nos respondendo agora: tente de novo em alguns minutos.",
    },
    "refused.wait": {
        Language.EN: "There were too many tries: wait a quarter of an hour, then try again.",
        Language.PT_BR: "Houve tentativas demais: espere um quarto de hora e tente de novo.",
    },
    "refused.check_password": {
        Language.EN: "The address or the password is wrong: check both and try again, or choose a new password.",
        Language.PT_BR: "O endereço ou a senha está errado: confira os dois e tente de novo, ou escolha uma nova "
        "senha.",
    },
    "refused.check_code": {
        Language.EN: "This code is wrong, was used already, or is too old: ask for a new one.",
        Language.PT_BR: "Este código está errado, já foi usado ou é antigo demais: peça um novo.",
    },
    "refused.check_second_factor": {
        Language.EN: "The second factor is wrong: enter the code that your app shows now, or use a recovery code.",
        Language.PT_BR: "O segundo fator está errado: digite o código que seu aplicativo mostra agora ou use um "
        "código de recuperação.",
    },
    "refused.code": {Language.EN: "Reference", Language.PT_BR: "Referência"},
    "refused.tell": {
        Language.EN: "If it stays like that, send this reference to your administrator: by it they find what "
        "happened, and how to mend it.",
        Language.PT_BR: "Se continuar assim, envie esta referência ao administrador: com ela se descobre o que houve "
        "e como corrigir.",
    },
    "refused.back": {Language.EN: "Back to the sign-in page", Language.PT_BR: "Voltar à página de entrada"},
    "test.passed": {Language.EN: "The test sign-in passed", Language.PT_BR: "O teste de entrada passou"},
    "test.failed": {Language.EN: "The test sign-in failed", Language.PT_BR: "O teste de entrada falhou"},
    "test.nobody": {
        Language.EN: "Nobody was signed in by it, and nothing was changed. Connection: {connection}.",
        Language.PT_BR: "Ninguém entrou por ele, e nada foi alterado. Conexão: {connection}.",
    },
    "test.would": {Language.EN: "On a real sign-in", Language.PT_BR: "Em uma entrada real"},
    "test.would.signed_in": {
        Language.EN: "this person would be signed in.",
        Language.PT_BR: "esta pessoa entraria.",
    },
    "test.would.created": {
        Language.EN: "this person would be created as a user, and signed in.",
        Language.PT_BR: "esta pessoa seria criada como usuário e entraria.",
    },
    "test.would.accepted": {
        Language.EN: "this person's invitation would be accepted, and they would be signed in.",
        Language.PT_BR: "o convite desta pessoa seria aceito e ela entraria.",
    },
    "test.would.refused": {
        Language.EN: "this person would be refused: {reason}.",
        Language.PT_BR: "esta pessoa seria recusada: {reason}.",
    },
    "test.mode": {Language.EN: "Provisioning mode", Language.PT_BR: "Modo de provisionamento"},
    "test.mode.jit": {Language.EN: "just-in-time", Language.PT_BR: "na primeira entrada (just-in-time)"},
    "test.mode.pre_provisioned": {Language.EN: "pre-provisioned", Language.PT_BR: "usuários já existentes"},
    "test.mode.directory": {Language.EN: "directory-synced", Language.PT_BR: "sincronizado pelo diretório"},
    "test.said": {
        Language.EN: "What the identity provider said",
        Language.PT_BR: "O que o provedor de identidade disse",
    },
    "test.issuer": {Language.EN: "Issuer", Language.PT_BR: "Emissor"},
    "test.subject": {Language.EN: "Subject", Language.PT_BR: "Sujeito (subject)"},
    "test.email": {Language.EN: "E-mail address", Language.PT_BR: "Endereço de e-mail"},
    "test.groups": {Language.EN: "Groups", Language.PT_BR: "Grupos"},
    "test.profile": {Language.EN: "What the profile would be", Language.PT_BR: "Como ficaria o perfil"},
    "test.none": {Language.EN: "none", Language.PT_BR: "nada"},
    "test.more": {Language.EN: "and {count} more", Language.PT_BR: "e mais {count}"},
    "test.why": {Language.EN: "What went wrong", Language.PT_BR: "O que deu errado"},
    "test.why_refused": {
        Language.EN: "Why this person would be refused",
        Language.PT_BR: "Por que esta pessoa seria recusada",
    },
    "test.reason": {Language.EN: "Reason", Language.PT_BR: "Motivo"},
    "test.expected": {Language.EN: "Expected", Language.PT_BR: "Esperado"},
    "test.came": {Language.EN: "What came", Language.PT_BR: "O que veio"},
    "test.in_general": {Language.EN: "What must be so", Language.PT_BR: "O que é necessário"},
    "test.causes": {Language.EN: "Likely causes", Language.PT_BR: "Causas prováveis"},
    "test.mend": {Language.EN: "How to mend it", Language.PT_BR: "Como corrigir"},
}
