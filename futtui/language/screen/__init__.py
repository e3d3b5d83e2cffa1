"""Texts of the screen in each language, one file per area; each file holds all languages side by side.

The same thing has the same word everywhere, here and on the phone:

    score        оцінка, column Бали           оценка, column Баллы
    position     позиція                       позиция
    trade        угода                         сделка
    setup        сетап                         сетап
    zone         зона                          зона
    engine       двигун                        двигатель
    kill switch  аварійна зупинка              аварийная остановка
    paused       нові угоди зупинено           новые сделки остановлены
    signals only лише сигнали                  только сигналы
    paper        навчальний рахунок            учебный счёт
    live         справжні гроші                настоящие деньги
    pretend      умовні гроші                  условные деньги
    break-even   у нулі, стоп без збитку (БЗ)  в нуле, стоп без убытка (БУ)
    result       дохід (reward), PnL           доход, PnL
    log          журнал                        журнал
    costs        витрати                       расходы
    health       справність                    исправность
    gap          прогалина                     пробел

Counts stand behind a colon (`угод: 5`), so that no word has to follow the number.
"""
